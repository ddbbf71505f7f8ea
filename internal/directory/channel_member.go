package directory

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
func (d *Directory) AddChannelMembers(ctx context.Context, who *core.Caller, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	ch, err := d.ChannelByID(ctx, channelID)
	if err != nil {
		return nil, err
	}
	members := make([]*muster.ChannelMember, len(userIDs))
	audits := make([]*muster.Audit, len(userIDs))
	for i, id := range userIDs {
		if members[i], err = d.addedToChannel(ctx, who, ch, id); err != nil {
			return nil, err
		}
		audits[i] = d.core.AuditSelf(who, "channel_id="+channelID+" user_id="+id)
	}
	joined, err := d.store.JoinChannel(ctx, members, audits...)
	if err != nil {
		return nil, fmt.Errorf("join channel: %w", core.Missing(err, muster.NotFound, noTeamMember))
	}
	for _, m := range joined {
		data := map[string]any{"team_id": ch.TeamID, "user_id": m.UserID}
		d.core.Publish(muster.EventUserAdded, data, muster.Audience{ChannelID: channelID, OmitUsers: []string{m.UserID}})
		d.core.Publish(muster.EventUserAdded, data, muster.Audience{UserID: m.UserID})
	}
	for i, id := range userIDs {
		if members[i], err = d.store.ChannelMember(ctx, channelID, id); err != nil {
			return nil, core.Missing(err, muster.NotFound, noChannelMember)
		}
	}
	return members, nil
}

// addedToChannel gives the membership that a user of the channel's team would begin with.
func (d *Directory) addedToChannel(ctx context.Context, who *core.Caller, ch *muster.Channel, userID string) (*muster.ChannelMember, error) {
	if err := d.requireAddToChannel(ctx, who, ch, userID); err != nil {
		return nil, err
	}
	u, err := d.core.User(ctx, userID)
	if err != nil {
		return nil, err
	}
	team, err := d.store.TeamMember(ctx, ch.TeamID, userID)
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

func (d *Directory) requireAddToChannel(ctx context.Context, who *core.Caller, ch *muster.Channel, userID string) error {
	switch {
	case ch.IsDirectOrGroup():
		return muster.E(muster.Invalid, "api.channel.add_user_to_channel.type.app_error")
	case ch.DeleteAt != 0:
		return muster.E(muster.Invalid, "api.channel.add_user.to.channel.failed.deleted.app_error")
	case ch.Type == muster.ChannelPrivate:
		return d.core.RequireChannel(ctx, who, ch.ID, muster.PermManagePrivateChannelMembers)
	case who.ID() == userID:
		return d.core.RequireTeam(ctx, who, ch.TeamID, muster.PermJoinPublicChannels)
	}
	return d.core.RequireChannel(ctx, who, ch.ID, muster.PermManagePublicChannelMembers)
}

// RemoveChannelMember ends a membership: one's own, or another's with the right to manage the channel's members.
func (d *Directory) RemoveChannelMember(ctx context.Context, who *core.Caller, channelID, userID string) error {
	ch, err := d.ChannelByID(ctx, channelID)
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
		if err := d.core.RequireChannel(ctx, who, channelID, p); err != nil {
			return err
		}
	}
	if err := d.store.LeaveChannel(ctx, channelID, userID, d.core.AuditSelf(who, "channel_id="+channelID+" user_id="+userID)); err != nil {
		return core.Missing(err, muster.NotFound, noChannelMember)
	}
	d.core.Publish(muster.EventUserRemoved, map[string]any{"user_id": userID, "remover_id": who.ID()}, muster.Audience{ChannelID: channelID})
	d.core.Publish(muster.EventUserRemoved, map[string]any{"channel_id": channelID, "remover_id": who.ID()}, muster.Audience{UserID: userID})
	return nil
}

// ChannelMember gives a membership to who may read the channel. Kinds: Forbidden, NotFound.
func (d *Directory) ChannelMember(ctx context.Context, who *core.Caller, channelID, userID string) (*muster.ChannelMember, error) {
	if err := d.core.RequireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	if err := d.core.RequireView(ctx, who, userID); err != nil {
		return nil, err
	}
	m, err := d.store.ChannelMember(ctx, channelID, userID)
	return m, core.Missing(err, muster.NotFound, noChannelMember)
}

// ChannelMembers gives a page of a channel's members.
func (d *Directory) ChannelMembers(ctx context.Context, who *core.Caller, channelID string, page core.Page) ([]*muster.ChannelMember, error) {
	if err := d.core.RequireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	list, err := d.store.ChannelMembers(ctx, channelID, page.Offset(), page.PerPage)
	if err != nil {
		return nil, err
	}
	return core.FilterVisible(ctx, d.core, who, list, channelMemberID)
}

// ChannelMembersByIDs gives the members among user ids.
func (d *Directory) ChannelMembersByIDs(ctx context.Context, who *core.Caller, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	userIDs, err := boundedList("user_ids", userIDs, muster.ValidID)
	if err != nil {
		return nil, err
	}
	if err := d.core.RequireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	list, err := d.store.ChannelMembersByIDs(ctx, channelID, userIDs)
	if err != nil {
		return nil, err
	}
	return core.FilterVisible(ctx, d.core, who, list, channelMemberID)
}

// ChannelMembershipsOf gives a user's memberships in a team's channels and in those without a team.
func (d *Directory) ChannelMembershipsOf(ctx context.Context, who *core.Caller, userID, teamID string) ([]*muster.ChannelMember, error) {
	if err := d.requireReadChannelsOf(ctx, who, userID, teamID); err != nil {
		return nil, err
	}
	return d.store.ChannelMembershipsOf(ctx, userID, teamID)
}

// ChannelMembersWithTeamData gives a page of all a user's memberships with their teams.
func (d *Directory) ChannelMembersWithTeamData(ctx context.Context, who *core.Caller, userID string, page core.Page) ([]*muster.ChannelMemberWithTeamData, error) {
	if err := d.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	return d.store.ChannelMembershipsWithTeams(ctx, userID, page.Offset(), page.PerPage)
}

// UpdateChannelMemberRoles sets a membership's roles by name. Kinds: Invalid, Forbidden, NotFound.
func (d *Directory) UpdateChannelMemberRoles(ctx context.Context, who *core.Caller, channelID, userID, roles string) error {
	flags, explicit, err := d.splitRoles(ctx, roles, muster.RoleChannelGuest, muster.RoleChannelUser, muster.RoleChannelAdmin)
	if err != nil {
		return err
	}
	return d.changeChannelMember(ctx, who, channelID, userID, func(au *core.Authority, m *muster.ChannelMember) error {
		setChannelFlags(m, flags)
		has := m.ExplicitRoles
		m.ExplicitRoles = explicit
		return au.Grant(explicit, has)
	})
}

// UpdateChannelMemberSchemeRoles sets a membership's flags.
func (d *Directory) UpdateChannelMemberSchemeRoles(ctx context.Context, who *core.Caller, channelID, userID string, r SchemeRoles) error {
	if err := r.check(); err != nil {
		return err
	}
	return d.changeChannelMember(ctx, who, channelID, userID, func(_ *core.Authority, m *muster.ChannelMember) error {
		setChannelFlags(m, r)
		return nil
	})
}

func setChannelFlags(m *muster.ChannelMember, r SchemeRoles) {
	m.SchemeGuest, m.SchemeUser, m.SchemeAdmin = r.Guest, r.User, r.Admin
}

func (d *Directory) changeChannelMember(ctx context.Context, who *core.Caller, channelID, userID string, change func(*core.Authority, *muster.ChannelMember) error) error {
	if err := d.core.RequireChannel(ctx, who, channelID, muster.PermManageChannelRoles); err != nil {
		return err
	}
	au, err := d.channelAuthority(ctx, who, channelID)
	if err != nil {
		return err
	}
	m, err := d.store.UpdateChannelMember(ctx, channelID, userID, func(m *muster.ChannelMember) error {
		guest := m.SchemeGuest
		if err := change(au, m); err != nil {
			return err
		}
		if m.SchemeGuest != guest {
			return muster.E(muster.Invalid, "api.channel.update_channel_member_roles.changing_guest_role.app_error")
		}
		return nil
	}, d.core.AuditSelf(who, "channel_id="+channelID+" user_id="+userID))
	if err != nil {
		return core.Missing(err, muster.NotFound, noChannelMember)
	}
	d.core.Publish(muster.EventChannelMemberUpdated, map[string]any{"channelMember": core.JsonText(m)}, muster.Audience{UserID: userID})
	return nil
}

// channelAuthority is what the caller holds in a channel: by its own roles, its membership there and the one in the channel's team.
func (d *Directory) channelAuthority(ctx context.Context, who *core.Caller, channelID string) (*core.Authority, error) {
	roles, teamID, err := d.store.ChannelRolesOf(ctx, channelID, who.ID())
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, noChannelMember)
	}
	teamRoles := ""
	if teamID != "" {
		if teamRoles, err = d.store.TeamRolesOf(ctx, teamID, who.ID()); err != nil {
			return nil, err
		}
	}
	return d.core.Authority(ctx, who, roles, teamRoles)
}
