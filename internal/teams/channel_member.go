package teams

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const noChannelMember = "app.channel.get_member.missing.app_error"

func channelMemberID(m *muster.ChannelMember) string { return m.UserID }

// AddChannelMembers puts users in a channel: oneself in a public one, others with the right to manage its members.
// All of them or none; a membership that is there stays as it is. Gives the memberships in the users' order.
// Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) AddChannelMembers(ctx context.Context, who *core.Caller, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	ch, err := t.ChannelByID(ctx, channelID)
	if err != nil {
		return nil, err
	}
	members := make([]*muster.ChannelMember, len(userIDs))
	audits := make([]*muster.Audit, len(userIDs))
	for i, id := range userIDs {
		if members[i], err = t.addedToChannel(ctx, who, ch, id); err != nil {
			return nil, err
		}
		audits[i] = t.core.AuditSelf(who, "channel_id="+channelID+" user_id="+id)
	}
	joined, err := t.store.JoinChannel(ctx, members, audits...)
	if err != nil {
		return nil, fmt.Errorf("join channel: %w", core.Missing(err, muster.NotFound, noTeamMember))
	}
	for _, m := range joined {
		data := map[string]any{"team_id": ch.TeamID, "user_id": m.UserID}
		t.core.Publish(muster.EventUserAdded, data, muster.Audience{ChannelID: channelID, OmitUsers: []string{m.UserID}})
		t.core.Publish(muster.EventUserAdded, data, muster.Audience{UserID: m.UserID})
	}
	for i, id := range userIDs {
		if members[i], err = t.store.ChannelMember(ctx, channelID, id); err != nil {
			return nil, core.Missing(err, muster.NotFound, noChannelMember)
		}
	}
	return members, nil
}

// addedToChannel gives the membership that a user of the channel's team would begin with.
func (t *Teams) addedToChannel(ctx context.Context, who *core.Caller, ch *muster.Channel, userID string) (*muster.ChannelMember, error) {
	if err := t.requireAddToChannel(ctx, who, ch, userID); err != nil {
		return nil, err
	}
	u, err := t.core.User(ctx, userID)
	if err != nil {
		return nil, err
	}
	team, err := t.store.TeamMember(ctx, ch.TeamID, userID)
	if err == nil && team.DeleteAt != 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, noTeamMember)
	}
	m := newChannelMember(ch.ID, u)
	if who.ID() != userID {
		m.MentionCount = 1 // being added by somebody else is news to the user (recorded behaviour)
	}
	return m, nil
}

func (t *Teams) requireAddToChannel(ctx context.Context, who *core.Caller, ch *muster.Channel, userID string) error {
	switch {
	case ch.IsDirectOrGroup():
		return muster.E(muster.Invalid, "api.channel.add_user_to_channel.type.app_error")
	case ch.DeleteAt != 0:
		return muster.E(muster.Invalid, "api.channel.add_user.to.channel.failed.deleted.app_error")
	case ch.Type == muster.ChannelPrivate:
		return t.core.RequireChannel(ctx, who, ch.ID, muster.PermManagePrivateChannelMembers)
	case who.ID() == userID:
		return t.core.RequireTeam(ctx, who, ch.TeamID, muster.PermJoinPublicChannels)
	}
	return t.core.RequireChannel(ctx, who, ch.ID, muster.PermManagePublicChannelMembers)
}

// RemoveChannelMember ends a membership: one's own, or another's with the right to manage the channel's members.
func (t *Teams) RemoveChannelMember(ctx context.Context, who *core.Caller, channelID, userID string) error {
	ch, err := t.ChannelByID(ctx, channelID)
	if err != nil {
		return err
	}
	switch {
	case ch.IsDirectOrGroup():
		return muster.E(muster.Invalid, "api.channel.remove_channel_member.type.app_error")
	case ch.Name == muster.DefaultChannel:
		return muster.E(muster.Invalid, "api.channel.remove.default.app_error")
	case who.ID() != userID:
		p := muster.PermManagePublicChannelMembers
		if ch.Type == muster.ChannelPrivate {
			p = muster.PermManagePrivateChannelMembers
		}
		if err := t.core.RequireChannel(ctx, who, channelID, p); err != nil {
			return err
		}
	}
	if err := t.store.LeaveChannel(ctx, channelID, userID, t.core.AuditSelf(who, "channel_id="+channelID+" user_id="+userID)); err != nil {
		return core.Missing(err, muster.NotFound, noChannelMember)
	}
	t.core.Publish(muster.EventUserRemoved, map[string]any{"user_id": userID, "remover_id": who.ID()}, muster.Audience{ChannelID: channelID})
	t.core.Publish(muster.EventUserRemoved, map[string]any{"channel_id": channelID, "remover_id": who.ID()}, muster.Audience{UserID: userID})
	return nil
}

// ChannelMember gives a membership to who may read the channel. Kinds: Forbidden, NotFound.
func (t *Teams) ChannelMember(ctx context.Context, who *core.Caller, channelID, userID string) (*muster.ChannelMember, error) {
	if err := t.core.RequireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	if err := t.core.RequireView(ctx, who, userID); err != nil {
		return nil, err
	}
	m, err := t.store.ChannelMember(ctx, channelID, userID)
	return m, core.Missing(err, muster.NotFound, noChannelMember)
}

// ChannelMembers gives a page of a channel's members.
func (t *Teams) ChannelMembers(ctx context.Context, who *core.Caller, channelID string, page core.Page) ([]*muster.ChannelMember, error) {
	if err := t.core.RequireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	list, err := t.store.ChannelMembers(ctx, channelID, page.Offset(), page.PerPage)
	if err != nil {
		return nil, err
	}
	return core.FilterVisible(ctx, t.core, who, list, channelMemberID)
}

// ChannelMembersByIDs gives the members among user ids.
func (t *Teams) ChannelMembersByIDs(ctx context.Context, who *core.Caller, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	userIDs, err := core.BoundedList("user_ids", userIDs, muster.ValidID)
	if err != nil {
		return nil, err
	}
	if err := t.core.RequireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	list, err := t.store.ChannelMembersByIDs(ctx, channelID, userIDs)
	if err != nil {
		return nil, err
	}
	return core.FilterVisible(ctx, t.core, who, list, channelMemberID)
}

// ChannelMembershipsOf gives a user's memberships in a team's channels and in those without a team.
func (t *Teams) ChannelMembershipsOf(ctx context.Context, who *core.Caller, userID, teamID string) ([]*muster.ChannelMember, error) {
	if err := t.requireReadChannelsOf(ctx, who, userID, teamID); err != nil {
		return nil, err
	}
	return t.store.ChannelMembershipsOf(ctx, userID, teamID)
}

// ChannelMembersWithTeamData gives a page of all a user's memberships with their teams.
func (t *Teams) ChannelMembersWithTeamData(ctx context.Context, who *core.Caller, userID string, page core.Page) ([]*muster.ChannelMemberWithTeamData, error) {
	if err := t.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	return t.store.ChannelMembershipsWithTeams(ctx, userID, page.Offset(), page.PerPage)
}

// UpdateChannelMemberRoles sets a membership's roles by name. Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) UpdateChannelMemberRoles(ctx context.Context, who *core.Caller, channelID, userID, roles string) error {
	flags, explicit, err := t.splitRoles(ctx, roles, muster.RoleChannelGuest, muster.RoleChannelUser, muster.RoleChannelAdmin)
	if err != nil {
		return err
	}
	return t.changeChannelMember(ctx, who, channelID, userID, func(au *core.Authority, m *muster.ChannelMember) error {
		setChannelFlags(m, flags)
		has := m.ExplicitRoles
		m.ExplicitRoles = explicit
		return au.Grant(explicit, has)
	})
}

// UpdateChannelMemberSchemeRoles sets a membership's flags.
func (t *Teams) UpdateChannelMemberSchemeRoles(ctx context.Context, who *core.Caller, channelID, userID string, r SchemeRoles) error {
	if err := r.check(); err != nil {
		return err
	}
	return t.changeChannelMember(ctx, who, channelID, userID, func(_ *core.Authority, m *muster.ChannelMember) error {
		setChannelFlags(m, r)
		return nil
	})
}

func setChannelFlags(m *muster.ChannelMember, r SchemeRoles) {
	m.SchemeGuest, m.SchemeUser, m.SchemeAdmin = r.Guest, r.User, r.Admin
}

func (t *Teams) changeChannelMember(ctx context.Context, who *core.Caller, channelID, userID string, change func(*core.Authority, *muster.ChannelMember) error) error {
	if err := t.core.RequireChannel(ctx, who, channelID, muster.PermManageChannelRoles); err != nil {
		return err
	}
	au, err := t.channelAuthority(ctx, who, channelID)
	if err != nil {
		return err
	}
	m, err := t.store.UpdateChannelMember(ctx, channelID, userID, func(m *muster.ChannelMember) error {
		guest := m.SchemeGuest
		if err := change(au, m); err != nil {
			return err
		}
		if m.SchemeGuest != guest {
			return muster.E(muster.Invalid, "api.channel.update_channel_member_roles.changing_guest_role.app_error")
		}
		return nil
	}, t.core.AuditSelf(who, "channel_id="+channelID+" user_id="+userID))
	if err != nil {
		return core.Missing(err, muster.NotFound, noChannelMember)
	}
	t.core.Publish(muster.EventChannelMemberUpdated, map[string]any{"channelMember": core.JsonText(m)}, muster.Audience{UserID: userID})
	return nil
}

// channelAuthority is what the caller holds in a channel: by its own roles, its membership there and the one in the channel's team.
func (t *Teams) channelAuthority(ctx context.Context, who *core.Caller, channelID string) (*core.Authority, error) {
	roles, teamID, err := t.store.ChannelRolesOf(ctx, channelID, who.ID())
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, noChannelMember)
	}
	teamRoles := ""
	if teamID != "" {
		if teamRoles, err = t.store.TeamRolesOf(ctx, teamID, who.ID()); err != nil {
			return nil, err
		}
	}
	return t.core.Authority(ctx, who, roles, teamRoles)
}
