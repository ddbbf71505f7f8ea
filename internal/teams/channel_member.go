package teams

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const noChannelMember = "app.channel.get_member.missing.app_error"

func channelMemberID(m *muster.ChannelMember) string { return m.UserID }

// AddChannelMembers puts users in a channel: oneself in a public one, others with the right to manage its members.
// All of them or none; a membership that is there stays as it is. It returns the memberships in the users' order.
// Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) AddChannelMembers(ctx context.Context, who *core.Caller, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	ch, err := t.ChannelByID(ctx, channelID)
	if err != nil {
		return nil, err
	}
	for _, id := range userIDs {
		if err := t.requireAddToChannel(ctx, who, ch, id); err != nil {
			return nil, err
		}
	}
	var members []*muster.ChannelMember
	err = t.store.WriteGrowing(ctx, func(tx *store.Tx) (err error) {
		members, err = t.joinChannel(ctx, tx, who, channelID, userIDs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return members, nil
}

// joinChannel makes users members of a channel and publishes that they joined. It returns all their memberships, old and new.
func (t *Teams) joinChannel(ctx context.Context, tx *store.Tx, who *core.Caller, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	if err := tx.LockUsers(ctx, userIDs...); err != nil {
		return nil, err
	}
	ch, err := tx.ChannelForUpdate(ctx, channelID)
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, noChannel)
	}
	if err := requireTakesMembers(ch); err != nil {
		return nil, err
	}
	if err := tx.LockTeamMembers(ctx, ch.TeamID, userIDs...); err != nil {
		return nil, core.Missing(err, muster.NotFound, noTeamMember)
	}
	all := make([]*muster.ChannelMember, len(userIDs))
	var joined []string
	for i, id := range userIDs {
		m := newChannelMember(channelID, id)
		if who.ID() != id {
			m.MentionCount = 1 // being added by somebody else is news to the user (recorded behaviour)
		}
		isNew, err := tx.JoinChannel(ctx, m)
		if err != nil {
			return nil, err
		}
		if isNew {
			joined = append(joined, id)
		}
		all[i] = m
	}
	if len(joined) == 0 {
		return all, nil
	}
	if err := tx.EnforceGroupConstraint(ctx, muster.SyncableChannel, channelID, joined...); err != nil {
		return nil, err
	}
	for _, id := range joined {
		data := map[string]any{"team_id": ch.TeamID, "user_id": id}
		tx.Publish(muster.Event{Name: muster.EventUserAdded, Data: data, Audience: muster.Audience{ChannelID: channelID, OmitUsers: []string{id}}})
		tx.Publish(muster.Event{Name: muster.EventUserAdded, Data: data, Audience: muster.Audience{UserID: id}})
	}
	for _, id := range userIDs {
		if err := tx.Audit(ctx, t.core.AuditSelf(who, "channel_id="+channelID+" user_id="+id)); err != nil {
			return nil, err
		}
	}
	return all, tx.TouchChannel(ctx, channelID)
}

// requireTakesMembers holds that users can be put in a channel at all.
func requireTakesMembers(ch *muster.Channel) error {
	switch {
	case ch.IsDirectOrGroup():
		return muster.E(muster.Invalid, "api.channel.add_user_to_channel.type.app_error")
	case ch.DeleteAt != 0:
		return muster.E(muster.Invalid, "api.channel.add_user.to.channel.failed.deleted.app_error")
	}
	return nil
}

// requireAddToChannel holds that the caller may put a user in a channel, and that the user is in the channel's team.
func (t *Teams) requireAddToChannel(ctx context.Context, who *core.Caller, ch *muster.Channel, userID string) error {
	if err := requireTakesMembers(ch); err != nil {
		return err
	}
	var err error
	switch {
	case ch.Type == muster.ChannelPrivate:
		err = t.core.RequireChannel(ctx, who, ch.ID, muster.PermManagePrivateChannelMembers)
	case who.ID() == userID:
		err = t.core.RequireTeam(ctx, who, ch.TeamID, muster.PermJoinPublicChannels)
	default:
		err = t.core.RequireChannel(ctx, who, ch.ID, muster.PermManagePublicChannelMembers)
	}
	if err != nil {
		return err
	}
	if _, err := t.core.User(ctx, userID); err != nil {
		return err
	}
	m, err := t.store.TeamMember(ctx, ch.TeamID, userID)
	if err == nil && m.DeleteAt != 0 {
		err = store.ErrNotFound
	}
	return core.Missing(err, muster.NotFound, noTeamMember)
}

var errLeaveDefaultChannel = muster.E(muster.Invalid, "api.channel.remove.default.app_error")

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
		return errLeaveDefaultChannel
	case who.ID() != userID:
		p := muster.PermManagePublicChannelMembers
		if ch.Type == muster.ChannelPrivate {
			p = muster.PermManagePrivateChannelMembers
		}
		if err := t.core.RequireChannel(ctx, who, channelID, p); err != nil {
			return err
		}
	}
	return t.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockUsers(ctx, userID); err != nil {
			return err
		}
		ch, err := tx.ChannelForUpdate(ctx, channelID)
		if err != nil {
			return core.Missing(err, muster.NotFound, noChannel)
		}
		if ch.Name == muster.DefaultChannel { // renamed meanwhile
			return errLeaveDefaultChannel
		}
		if err := tx.LeaveChannel(ctx, channelID, userID); err != nil {
			return core.Missing(err, muster.NotFound, noChannelMember)
		}
		if err := tx.TouchChannel(ctx, channelID); err != nil {
			return err
		}
		tx.Publish(muster.Event{Name: muster.EventUserRemoved, Data: map[string]any{"user_id": userID, "remover_id": who.ID()}, Audience: muster.Audience{ChannelID: channelID}})
		tx.Publish(muster.Event{Name: muster.EventUserRemoved, Data: map[string]any{"channel_id": channelID, "remover_id": who.ID()}, Audience: muster.Audience{UserID: userID}})
		return tx.Audit(ctx, t.core.AuditSelf(who, "channel_id="+channelID+" user_id="+userID))
	})
}

// ChannelMember returns a membership to a caller who may read the channel. Kinds: Forbidden, NotFound.
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

// ChannelMembers returns a page of a channel's members.
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

// ChannelMembersByIDs returns the members among user ids.
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

// ChannelMembershipsOf returns a user's memberships in a team's channels and in those without a team.
func (t *Teams) ChannelMembershipsOf(ctx context.Context, who *core.Caller, userID, teamID string) ([]*muster.ChannelMember, error) {
	if err := t.requireReadChannelsOf(ctx, who, userID, teamID); err != nil {
		return nil, err
	}
	return t.store.ChannelMembershipsOf(ctx, userID, teamID)
}

// ChannelMembersWithTeamData returns a page of all a user's memberships with their teams.
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
	return t.store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.ChannelMemberForUpdate(ctx, channelID, userID)
		if err != nil {
			return core.Missing(err, muster.NotFound, noChannelMember)
		}
		guest := m.SchemeGuest
		if err := change(au, m); err != nil {
			return err
		}
		if m.SchemeGuest != guest {
			return muster.E(muster.Invalid, "api.channel.update_channel_member_roles.changing_guest_role.app_error")
		}
		if err := tx.SaveChannelMember(ctx, m); err != nil {
			return err
		}
		tx.Publish(muster.Event{Name: muster.EventChannelMemberUpdated, Data: map[string]any{"channelMember": core.JSONText(m)}, Audience: muster.Audience{UserID: userID}})
		return tx.Audit(ctx, t.core.AuditSelf(who, "channel_id="+channelID+" user_id="+userID))
	})
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
