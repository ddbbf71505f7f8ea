package teams

import (
	"context"

	"muster"
	"muster/internal/core"
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
	return t.joinTeam(ctx, who, team, userIDs)
}

func (t *Teams) requireAddToTeam(ctx context.Context, who *core.Caller, team *muster.Team, userID string) error {
	if team.DeleteAt != 0 {
		return muster.E(muster.NotFound, "app.team.get.find.app_error")
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

// joinTeam stores the memberships, leaving one that is there as it is, and tells of the new ones.
func (t *Teams) joinTeam(ctx context.Context, who *core.Caller, team *muster.Team, userIDs []string) ([]*muster.TeamMember, error) {
	all, joined, err := t.store.JoinTeam(ctx, team.ID, userIDs, t.DefaultChannels(), t.core.Config().TeamSettings.MaxUsersPerTeam, t.core.AuditSelf(who, "team_id="+team.ID))
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, "app.team.get.find.app_error")
	}
	for _, m := range joined {
		t.PublishJoin(ctx, m, nil)
	}
	return all, nil
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
	joined, err := t.joinTeam(ctx, who, team, []string{who.ID()})
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
	if err := t.store.LeaveTeam(ctx, teamID, userID, t.core.AuditSelf(who, "team_id="+teamID+" user_id="+userID)); err != nil {
		return core.Missing(err, muster.NotFound, noTeamMember)
	}
	data := map[string]any{"team_id": teamID, "user_id": userID}
	t.core.Publish(muster.EventLeaveTeam, data, muster.Audience{TeamID: teamID, About: userID})
	t.core.Publish(muster.EventLeaveTeam, data, muster.Audience{UserID: userID})
	return nil
}

// TeamMember gives a membership to who may view the team. Kinds: Forbidden, NotFound.
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

// TeamMembers gives a page of a team's members.
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

// TeamMembersByIDs gives the members among user ids.
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

// TeamMembershipsOf gives a user's memberships.
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
	m, err := t.store.UpdateTeamMember(ctx, teamID, userID, func(m *muster.TeamMember) error {
		guest := m.SchemeGuest
		if err := change(au, m); err != nil {
			return err
		}
		if m.SchemeGuest != guest {
			return muster.E(muster.Invalid, "api.channel.update_team_member_roles.changing_guest_role.app_error")
		}
		return nil
	}, t.core.AuditSelf(who, "team_id="+teamID+" user_id="+userID))
	if err != nil {
		return core.Missing(err, muster.NotFound, noTeamMember)
	}
	t.core.Publish(muster.EventMemberRoleUpdated, map[string]any{"member": core.JsonText(m)}, muster.Audience{UserID: userID})
	return nil
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
