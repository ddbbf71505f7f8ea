package app

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/store"
)

const noChannelMember = "app.channel.get_member.missing.app_error"

func channelMemberID(m *muster.ChannelMember) string { return m.UserID }

// AddChannelMembers puts users in a channel: oneself in a public one, others with the right to manage its members.
// All of them or none; a membership that is there stays as it is. Gives the memberships in the users' order.
// Kinds: Invalid, Forbidden, NotFound.
func (a *App) AddChannelMembers(ctx context.Context, who *Caller, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	ch, err := a.channel(ctx, channelID)
	if err != nil {
		return nil, err
	}
	members := make([]*muster.ChannelMember, len(userIDs))
	audits := make([]*muster.Audit, len(userIDs))
	for i, id := range userIDs {
		if members[i], err = a.addedToChannel(ctx, who, ch, id); err != nil {
			return nil, err
		}
		audits[i] = a.auditSelf(who, "channel_id="+channelID+" user_id="+id)
	}
	joined, err := a.store.JoinChannel(ctx, members, audits...)
	if err != nil {
		return nil, fmt.Errorf("join channel: %w", missing(err, muster.NotFound, noTeamMember))
	}
	for _, m := range joined {
		data := map[string]any{"team_id": ch.TeamID, "user_id": m.UserID}
		a.publish(muster.EventUserAdded, data, muster.Audience{ChannelID: channelID, OmitUsers: []string{m.UserID}})
		a.publish(muster.EventUserAdded, data, muster.Audience{UserID: m.UserID})
	}
	for i, id := range userIDs {
		if members[i], err = a.store.ChannelMember(ctx, channelID, id); err != nil {
			return nil, missing(err, muster.NotFound, noChannelMember)
		}
	}
	return members, nil
}

// addedToChannel gives the membership that a user of the channel's team would begin with.
func (a *App) addedToChannel(ctx context.Context, who *Caller, ch *muster.Channel, userID string) (*muster.ChannelMember, error) {
	if err := a.mayAddToChannel(ctx, who, ch, userID); err != nil {
		return nil, err
	}
	u, err := a.user(ctx, userID)
	if err != nil {
		return nil, err
	}
	team, err := a.store.TeamMember(ctx, ch.TeamID, userID)
	if err == nil && team.DeleteAt != 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, missing(err, muster.NotFound, noTeamMember)
	}
	m := newChannelMember(ch.ID, u)
	if who.ID() != userID {
		m.MentionCount = 1 // being added by somebody else is news to the user (recorded behaviour)
	}
	return m, nil
}

func (a *App) mayAddToChannel(ctx context.Context, who *Caller, ch *muster.Channel, userID string) error {
	switch {
	case ch.IsDirectOrGroup():
		return muster.E(muster.Invalid, "api.channel.add_user_to_channel.type.app_error")
	case ch.DeleteAt != 0:
		return muster.E(muster.Invalid, "api.channel.add_user.to.channel.failed.deleted.app_error")
	case ch.Type == muster.ChannelPrivate:
		return a.requireChannel(ctx, who, ch.ID, muster.PermManagePrivateChannelMembers)
	case who.ID() == userID:
		return a.requireTeam(ctx, who, ch.TeamID, muster.PermJoinPublicChannels)
	}
	return a.requireChannel(ctx, who, ch.ID, muster.PermManagePublicChannelMembers)
}

// RemoveChannelMember ends a membership: one's own, or another's with the right to manage the channel's members.
func (a *App) RemoveChannelMember(ctx context.Context, who *Caller, channelID, userID string) error {
	ch, err := a.channel(ctx, channelID)
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
		if err := a.requireChannel(ctx, who, channelID, p); err != nil {
			return err
		}
	}
	if err := a.store.LeaveChannel(ctx, channelID, userID, a.auditSelf(who, "channel_id="+channelID+" user_id="+userID)); err != nil {
		return missing(err, muster.NotFound, noChannelMember)
	}
	a.publish(muster.EventUserRemoved, map[string]any{"user_id": userID, "remover_id": who.ID()}, muster.Audience{ChannelID: channelID})
	a.publish(muster.EventUserRemoved, map[string]any{"channel_id": channelID, "remover_id": who.ID()}, muster.Audience{UserID: userID})
	return nil
}

// ChannelMember gives a membership to who may read the channel. Kinds: Forbidden, NotFound.
func (a *App) ChannelMember(ctx context.Context, who *Caller, channelID, userID string) (*muster.ChannelMember, error) {
	if err := a.requireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	if err := a.mayView(ctx, who, userID); err != nil {
		return nil, err
	}
	m, err := a.store.ChannelMember(ctx, channelID, userID)
	return m, missing(err, muster.NotFound, noChannelMember)
}

// ChannelMembers gives a page of a channel's members.
func (a *App) ChannelMembers(ctx context.Context, who *Caller, channelID string, page Page) ([]*muster.ChannelMember, error) {
	if err := a.requireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	list, err := a.store.ChannelMembers(ctx, channelID, page.Offset(), page.PerPage)
	if err != nil {
		return nil, err
	}
	return narrowed(ctx, a, who, list, channelMemberID)
}

// ChannelMembersByIDs gives the members among user ids.
func (a *App) ChannelMembersByIDs(ctx context.Context, who *Caller, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	userIDs, err := boundedList("user_ids", userIDs, muster.ValidID)
	if err != nil {
		return nil, err
	}
	if err := a.requireChannel(ctx, who, channelID, muster.PermReadChannel); err != nil {
		return nil, err
	}
	list, err := a.store.ChannelMembersByIDs(ctx, channelID, userIDs)
	if err != nil {
		return nil, err
	}
	return narrowed(ctx, a, who, list, channelMemberID)
}

// ChannelMembershipsOf gives a user's memberships in a team's channels and in those without a team.
func (a *App) ChannelMembershipsOf(ctx context.Context, who *Caller, userID, teamID string) ([]*muster.ChannelMember, error) {
	if err := a.mayReadChannelsOf(ctx, who, userID, teamID); err != nil {
		return nil, err
	}
	return a.store.ChannelMembershipsOf(ctx, userID, teamID)
}

// ChannelMembersWithTeamData gives a page of all a user's memberships with their teams.
func (a *App) ChannelMembersWithTeamData(ctx context.Context, who *Caller, userID string, page Page) ([]*muster.ChannelMemberWithTeamData, error) {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	return a.store.ChannelMembershipsWithTeams(ctx, userID, page.Offset(), page.PerPage)
}

// UpdateChannelMemberRoles sets a membership's roles by name. Kinds: Invalid, Forbidden, NotFound.
func (a *App) UpdateChannelMemberRoles(ctx context.Context, who *Caller, channelID, userID, roles string) error {
	flags, explicit, err := a.splitRoles(ctx, roles, muster.RoleChannelGuest, muster.RoleChannelUser, muster.RoleChannelAdmin)
	if err != nil {
		return err
	}
	return a.changeChannelMember(ctx, who, channelID, userID, func(au *authority, m *muster.ChannelMember) error {
		setChannelFlags(m, flags)
		has := m.ExplicitRoles
		m.ExplicitRoles = explicit
		return au.grant(explicit, has)
	})
}

// UpdateChannelMemberSchemeRoles sets a membership's flags.
func (a *App) UpdateChannelMemberSchemeRoles(ctx context.Context, who *Caller, channelID, userID string, r SchemeRoles) error {
	if err := r.check(); err != nil {
		return err
	}
	return a.changeChannelMember(ctx, who, channelID, userID, func(_ *authority, m *muster.ChannelMember) error {
		setChannelFlags(m, r)
		return nil
	})
}

func setChannelFlags(m *muster.ChannelMember, r SchemeRoles) {
	m.SchemeGuest, m.SchemeUser, m.SchemeAdmin = r.Guest, r.User, r.Admin
}

func (a *App) changeChannelMember(ctx context.Context, who *Caller, channelID, userID string, change func(*authority, *muster.ChannelMember) error) error {
	if err := a.requireChannel(ctx, who, channelID, muster.PermManageChannelRoles); err != nil {
		return err
	}
	au, err := a.channelAuthority(ctx, who, channelID)
	if err != nil {
		return err
	}
	m, err := a.store.UpdateChannelMember(ctx, channelID, userID, func(m *muster.ChannelMember) error {
		guest := m.SchemeGuest
		if err := change(au, m); err != nil {
			return err
		}
		if m.SchemeGuest != guest {
			return muster.E(muster.Invalid, "api.channel.update_channel_member_roles.changing_guest_role.app_error")
		}
		return nil
	}, a.auditSelf(who, "channel_id="+channelID+" user_id="+userID))
	if err != nil {
		return missing(err, muster.NotFound, noChannelMember)
	}
	a.publish(muster.EventChannelMemberUpdated, map[string]any{"channelMember": jsonText(m)}, muster.Audience{UserID: userID})
	return nil
}

// channelAuthority is what the caller holds in a channel: by its own roles, its membership there and the one in the channel's team.
func (a *App) channelAuthority(ctx context.Context, who *Caller, channelID string) (*authority, error) {
	roles, teamID, err := a.store.ChannelRolesOf(ctx, channelID, who.ID())
	if err != nil {
		return nil, missing(err, muster.NotFound, noChannelMember)
	}
	teamRoles := ""
	if teamID != "" {
		if teamRoles, err = a.store.TeamRolesOf(ctx, teamID, who.ID()); err != nil {
			return nil, err
		}
	}
	return a.authority(ctx, who, roles, teamRoles)
}
