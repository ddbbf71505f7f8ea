package teams

import (
	"context"
	"errors"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const noTeamMember = "app.team.get_member.missing.app_error"

func teamMemberID(m *muster.TeamMember) string { return m.UserID }

// AddTeamMembers puts users in a team: oneself where it is open, others with the right to add them.
// All of them or none. Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) AddTeamMembers(ctx context.Context, who *core.Caller, teamID string, userIDs []string) ([]*muster.TeamMember, error) {
	userIDs, err := core.BoundedList("user_ids", userIDs, muster.ValidID)
	if err != nil {
		return nil, err
	}
	team, err := t.TeamByID(ctx, teamID)
	if err != nil {
		return nil, err
	}
	for _, id := range userIDs {
		if err := t.requireAddToTeam(ctx, who, team, id); err != nil {
			return nil, err
		}
		u, err := t.core.User(ctx, id)
		if err != nil {
			return nil, err
		}
		if !core.InDomains(u.Email, team.AllowedDomains) {
			return nil, muster.E(muster.Invalid, "api.team.join_user_to_team.allowed_domains.app_error")
		}
	}
	if len(userIDs) == 0 {
		return nil, muster.InvalidParam("user_id")
	}
	return t.joinTeam(ctx, who, teamID, userIDs)
}

func (t *Teams) requireAddToTeam(ctx context.Context, who *core.Caller, team *muster.Team, userID string) error {
	if team.DeleteAt != 0 {
		return muster.E(muster.NotFound, noTeam)
	}
	if userID == who.ID() && team.Type == muster.TeamOpen {
		p := muster.PermJoinPrivateTeams
		if team.AllowOpenInvite {
			p = muster.PermJoinPublicTeams
		}
		if ok, err := t.core.CanSystem(ctx, who, p); ok || err != nil {
			return err
		}
	}
	return t.core.RequireTeam(ctx, who, team.ID, muster.PermAddUserToTeam)
}

// joinTeam makes users members of a team, and of its default channels. It returns all their memberships; a current one stays as it is.
func (t *Teams) joinTeam(ctx context.Context, who *core.Caller, teamID string, userIDs []string) ([]*muster.TeamMember, error) {
	var all []*muster.TeamMember
	err := t.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		all = nil
		if err := tx.LockUsers(ctx, userIDs...); err != nil {
			return err
		}
		team, err := tx.TeamForUpdate(ctx, teamID)
		if err != nil {
			return core.Missing(err, muster.NotFound, noTeam)
		}
		if team.DeleteAt != 0 {
			return muster.E(muster.NotFound, noTeam)
		}
		var joined []*muster.TeamMember
		for _, id := range userIDs {
			m := &muster.TeamMember{TeamID: teamID, UserID: id}
			isNew, err := tx.JoinTeam(ctx, m)
			if err != nil {
				return err
			}
			if isNew {
				joined = append(joined, m)
			}
			all = append(all, m)
		}
		if len(joined) == 0 {
			return nil
		}
		if err := t.finishJoin(ctx, tx, teamID, joined, nil); err != nil {
			return err
		}
		return tx.Audit(ctx, t.core.AuditSelf(who, "team_id="+teamID))
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// JoinInvited makes an account that tx has inserted a member of what an invitation admits it to; nothing without one. ErrNotFound without the team. Kind
// Invalid where the groups that decide about the team do not take the account, or the team has no room for it.
func (t *Teams) JoinInvited(ctx context.Context, tx *store.Tx, by Admission) error {
	if by.Member == nil {
		return nil
	}
	if _, err := tx.TeamForUpdate(ctx, by.Member.TeamID); err != nil {
		return err
	}
	m := *by.Member
	if _, err := tx.JoinTeam(ctx, &m); err != nil {
		return err
	}
	return t.finishJoin(ctx, tx, m.TeamID, []*muster.TeamMember{&m}, by.ChannelIDs)
}

// finishJoin puts new members of a team in its default channels, or guests in the channels that they were invited to, and publishes that they joined. Kind
// Invalid where the groups that decide about the team do not take them, or it has no room for them.
func (t *Teams) finishJoin(ctx context.Context, tx *store.Tx, teamID string, joined []*muster.TeamMember, guestChannels []string) error {
	ids := make([]string, len(joined))
	for i, m := range joined {
		ids[i] = m.UserID
		if err := tx.JoinDefaultChannels(ctx, m, t.DefaultChannels()); err != nil {
			return err
		}
		if err := tx.JoinChannels(ctx, m, guestChannels); err != nil {
			return err
		}
	}
	if err := tx.EnforceGroupConstraint(ctx, muster.SyncableTeam, teamID, ids...); err != nil {
		return err
	}
	if err := tx.EnforceTeamLimit(ctx, teamID, t.core.Config().TeamSettings.MaxUsersPerTeam); err != nil {
		return err
	}
	for _, m := range joined {
		if err := t.publishJoin(ctx, tx, m, guestChannels); err != nil {
			return err
		}
	}
	return nil
}

// publishJoin tells a new member, and the channels of the team that it joined with it: the default ones, or those that a guest was invited to.
func (t *Teams) publishJoin(ctx context.Context, tx *store.Tx, m *muster.TeamMember, guestChannels []string) error {
	tx.Publish(addedToTeam(m))
	channels := guestChannels
	if !m.SchemeGuest {
		channels = nil
		for _, name := range t.DefaultChannels() {
			c, err := tx.ChannelByName(ctx, m.TeamID, name)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			channels = append(channels, c.ID)
		}
	}
	for _, id := range channels {
		tx.Publish(muster.Event{Name: muster.EventUserAdded, Data: map[string]any{"team_id": m.TeamID, "user_id": m.UserID}, Audience: muster.Audience{ChannelID: id}})
	}
	return nil
}

func addedToTeam(m *muster.TeamMember) muster.Event {
	return muster.Event{Name: muster.EventAddedToTeam, Data: map[string]any{"team_id": m.TeamID, "user_id": m.UserID}, Audience: muster.Audience{UserID: m.UserID}}
}

// JoinTeamByInvite puts the caller in the team that an invite link leads to. Guests belong where somebody put them:
// kind Forbidden, as in the reference. Kinds also: Invalid, NotFound.
func (t *Teams) JoinTeamByInvite(ctx context.Context, who *core.Caller, inviteID string) (*muster.TeamMember, error) {
	if who.User.IsGuest() {
		return nil, muster.E(muster.Forbidden, "api.team.add_user_to_team_from_invite.guest.app_error")
	}
	_, team, err := t.MembershipByInvite(ctx, inviteID, who.User)
	if err != nil {
		return nil, err
	}
	joined, err := t.joinTeam(ctx, who, team.ID, []string{who.ID()})
	if err != nil {
		return nil, err
	}
	return joined[0], nil
}

// RemoveTeamMember ends a membership and those of the team's channels. Kinds: Forbidden, NotFound.
func (t *Teams) RemoveTeamMember(ctx context.Context, who *core.Caller, teamID, userID string) error {
	if who.ID() != userID {
		if err := t.core.RequireTeam(ctx, who, teamID, muster.PermRemoveUserFromTeam); err != nil {
			return err
		}
	}
	return t.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockUsers(ctx, userID); err != nil {
			return err
		}
		if _, err := tx.TeamForUpdate(ctx, teamID); err != nil {
			return core.Missing(err, muster.NotFound, noTeamMember)
		}
		if err := tx.LeaveTeam(ctx, teamID, userID); err != nil {
			return core.Missing(err, muster.NotFound, noTeamMember)
		}
		data := map[string]any{"team_id": teamID, "user_id": userID}
		tx.Publish(muster.Event{Name: muster.EventLeaveTeam, Data: data, Audience: muster.Audience{TeamID: teamID, About: userID}})
		tx.Publish(muster.Event{Name: muster.EventLeaveTeam, Data: data, Audience: muster.Audience{UserID: userID}})
		return tx.Audit(ctx, t.core.AuditSelf(who, "team_id="+teamID+" user_id="+userID))
	})
}

// TeamMember returns a membership to a caller who may view the team. Kinds: Forbidden, NotFound.
func (t *Teams) TeamMember(ctx context.Context, who *core.Caller, teamID, userID string) (*muster.TeamMember, error) {
	if err := t.core.RequireTeam(ctx, who, teamID, muster.PermViewTeam); err != nil {
		return nil, err
	}
	if err := t.core.RequireView(ctx, who, userID); err != nil {
		return nil, err
	}
	m, err := t.store.TeamMember(ctx, teamID, userID)
	return m, core.Missing(err, muster.NotFound, noTeamMember)
}

// TeamMembers returns a page of a team's members.
func (t *Teams) TeamMembers(ctx context.Context, who *core.Caller, teamID string, page core.Page) ([]*muster.TeamMember, error) {
	if err := t.core.RequireTeam(ctx, who, teamID, muster.PermViewTeam); err != nil {
		return nil, err
	}
	list, err := t.store.TeamMembers(ctx, teamID, page.Offset(), page.PerPage)
	if err != nil {
		return nil, err
	}
	return core.FilterVisible(ctx, t.core, who, list, teamMemberID)
}

// TeamMembersByIDs returns the members among user ids.
func (t *Teams) TeamMembersByIDs(ctx context.Context, who *core.Caller, teamID string, userIDs []string) ([]*muster.TeamMember, error) {
	userIDs, err := core.BoundedList("user_ids", userIDs, muster.ValidID)
	if err != nil {
		return nil, err
	}
	if err := t.core.RequireTeam(ctx, who, teamID, muster.PermViewTeam); err != nil {
		return nil, err
	}
	list, err := t.store.TeamMembersByIDs(ctx, teamID, userIDs)
	if err != nil {
		return nil, err
	}
	return core.FilterVisible(ctx, t.core, who, list, teamMemberID)
}

// TeamMembershipsOf returns a user's memberships.
func (t *Teams) TeamMembershipsOf(ctx context.Context, who *core.Caller, userID string) ([]*muster.TeamMember, error) {
	if who.ID() != userID {
		if err := t.core.RequireSystem(ctx, who, muster.PermReadOtherUsersTeams); err != nil {
			return nil, err
		}
	}
	return t.store.TeamMembershipsOf(ctx, userID)
}

// SchemeRoles are the flags of a membership that grant the built-in roles.
type SchemeRoles struct {
	Guest bool `json:"scheme_guest"`
	User  bool `json:"scheme_user"`
	Admin bool `json:"scheme_admin"`
}

// check refuses flags that contradict each other: a guest is neither user nor administrator.
func (r SchemeRoles) check() error {
	if r.Guest == r.User || r.Guest && r.Admin {
		return muster.InvalidParam("scheme_user")
	}
	return nil
}

// UpdateTeamMemberRoles sets a membership's roles by name. Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) UpdateTeamMemberRoles(ctx context.Context, who *core.Caller, teamID, userID, roles string) error {
	flags, explicit, err := t.splitRoles(ctx, roles, muster.RoleTeamGuest, muster.RoleTeamUser, muster.RoleTeamAdmin)
	if err != nil {
		return err
	}
	return t.changeTeamMember(ctx, who, teamID, userID, func(au *core.Authority, m *muster.TeamMember) error {
		setTeamFlags(m, flags)
		has := m.ExplicitRoles
		m.ExplicitRoles = explicit
		return au.Grant(explicit, has)
	})
}

// UpdateTeamMemberSchemeRoles sets a membership's flags.
func (t *Teams) UpdateTeamMemberSchemeRoles(ctx context.Context, who *core.Caller, teamID, userID string, r SchemeRoles) error {
	if err := r.check(); err != nil {
		return err
	}
	return t.changeTeamMember(ctx, who, teamID, userID, func(_ *core.Authority, m *muster.TeamMember) error {
		setTeamFlags(m, r)
		return nil
	})
}

func setTeamFlags(m *muster.TeamMember, r SchemeRoles) {
	m.SchemeGuest, m.SchemeUser, m.SchemeAdmin = r.Guest, r.User, r.Admin
}

func (t *Teams) changeTeamMember(ctx context.Context, who *core.Caller, teamID, userID string, change func(*core.Authority, *muster.TeamMember) error) error {
	if err := t.core.RequireTeam(ctx, who, teamID, muster.PermManageTeamRoles); err != nil {
		return err
	}
	roles, err := t.store.TeamRolesOf(ctx, teamID, who.ID())
	if err != nil {
		return err
	}
	au, err := t.core.Authority(ctx, who, roles)
	if err != nil {
		return err
	}
	return t.store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.TeamMemberForUpdate(ctx, teamID, userID)
		if err != nil {
			return core.Missing(err, muster.NotFound, noTeamMember)
		}
		guest := m.SchemeGuest
		if err := change(au, m); err != nil {
			return err
		}
		if m.SchemeGuest != guest {
			return muster.E(muster.Invalid, "api.channel.update_team_member_roles.changing_guest_role.app_error")
		}
		if err := tx.SaveTeamMember(ctx, m); err != nil {
			return err
		}
		tx.Publish(muster.Event{Name: muster.EventMemberRoleUpdated, Data: map[string]any{"member": core.JSONText(m)}, Audience: muster.Audience{UserID: userID}})
		return tx.Audit(ctx, t.core.AuditSelf(who, "team_id="+teamID+" user_id="+userID))
	})
}

// TeamStats is how many members a team has.
type TeamStats struct {
	TeamID            string `json:"team_id"`
	TotalMemberCount  int64  `json:"total_member_count"`
	ActiveMemberCount int64  `json:"active_member_count"`
}

// TeamStats counts a team's members.
func (t *Teams) TeamStats(ctx context.Context, who *core.Caller, teamID string) (*TeamStats, error) {
	if err := t.core.RequireTeam(ctx, who, teamID, muster.PermViewTeam); err != nil {
		return nil, err
	}
	total, active, err := t.store.CountTeamMembers(ctx, teamID)
	return &TeamStats{teamID, total, active}, err
}
