package api

import (
	"net/http"

	"muster"
	"muster/internal/teams"
)

var teamRoutes = []route{
	{method: "POST", path: "/teams", handle: createTeam},
	{method: "GET", path: "/teams", handle: getTeams},
	{method: "GET", path: "/teams/{team_id}", handle: getTeam},
	{method: "GET", path: "/teams/name/{team_name}", handle: getTeamByName},
	{method: "GET", path: "/teams/invite/{invite_id}", access: open, limit: anonymous, handle: getTeamByInvite},
	{method: "PUT", path: "/teams/{team_id}/patch", handle: patchTeam},
	{method: "DELETE", path: "/teams/{team_id}", handle: deleteTeam},
	{method: "POST", path: "/teams/{team_id}/restore", handle: restoreTeam},
	{method: "POST", path: "/teams/{team_id}/regenerate_invite_id", handle: regenerateInviteID},
	{method: "GET", path: "/teams/{team_id}/stats", handle: getTeamStats},
	{method: "POST", path: "/teams/members/invite", handle: joinTeamByInvite, ownAccount: true},
	{method: "POST", path: "/teams/{team_id}/invite/email", handle: inviteUsersToTeam},
	{method: "POST", path: "/teams/{team_id}/invite-guests/email", handle: inviteGuestsToTeam},
	{method: "GET", path: "/teams/{team_id}/members", handle: getTeamMembers},
	{method: "POST", path: "/teams/{team_id}/members", handle: addTeamMember},
	{method: "POST", path: "/teams/{team_id}/members/batch", handle: addTeamMembers},
	{method: "POST", path: "/teams/{team_id}/members/ids", handle: getTeamMembersByIDs},
	{method: "GET", path: "/teams/{team_id}/members/{user_id}", handle: getTeamMember},
	{method: "DELETE", path: "/teams/{team_id}/members/{user_id}", handle: removeTeamMember},
	{method: "PUT", path: "/teams/{team_id}/members/{user_id}/roles", handle: updateTeamMemberRoles},
	{method: "PUT", path: "/teams/{team_id}/members/{user_id}/schemeRoles", handle: updateTeamMemberSchemeRoles},
	{method: "GET", path: "/users/{user_id}/teams", handle: getTeamsForUser},
	{method: "GET", path: "/users/{user_id}/teams/members", handle: getTeamMembersForUser},
	{method: "GET", path: "/users/{user_id}/teams/unread", handle: getTeamsUnread},
}

func createTeam(c *call) (any, error) {
	var t muster.Team
	if err := c.decode(&t, muster.InvalidParam("team")); err != nil {
		return nil, err
	}
	team, err := c.services.Teams.CreateTeam(c.ctx(), c.who, &t)
	return reply{status: http.StatusCreated, body: team}, err
}

func getTeams(c *call) (any, error) {
	teams, total, err := c.services.Teams.Teams(c.ctx(), c.who, c.page())
	if err != nil || !c.flag("include_total_count") {
		return teams, err
	}
	return struct {
		Teams      []*muster.Team `json:"teams"`
		TotalCount int64          `json:"total_count"`
	}{teams, total}, nil
}

// withTeam calls use with the team id of the path.
func withTeam[T any](c *call, use func(id string) (T, error)) (any, error) {
	id, err := c.idParam("team_id")
	if err != nil {
		return nil, err
	}
	return use(id)
}

func getTeam(c *call) (any, error) {
	return withTeam(c, func(id string) (*muster.Team, error) { return c.services.Teams.Team(c.ctx(), c.who, id) })
}

func getTeamByName(c *call) (any, error) {
	return c.services.Teams.TeamByName(c.ctx(), c.who, c.param("team_name"))
}

func getTeamByInvite(c *call) (any, error) {
	return c.services.Teams.TeamByInvite(c.ctx(), c.param("invite_id"))
}

func patchTeam(c *call) (any, error) {
	return withTeam(c, func(id string) (*muster.Team, error) {
		var p muster.TeamPatch
		if err := c.decode(&p, muster.InvalidParam("team")); err != nil {
			return nil, err
		}
		return c.services.Teams.PatchTeam(c.ctx(), c.who, id, &p)
	})
}

func deleteTeam(c *call) (any, error) {
	return withTeam(c, func(id string) (statusOK, error) { return ok, c.services.Teams.DeleteTeam(c.ctx(), c.who, id) })
}

func restoreTeam(c *call) (any, error) {
	return withTeam(c, func(id string) (*muster.Team, error) { return c.services.Teams.RestoreTeam(c.ctx(), c.who, id) })
}

func regenerateInviteID(c *call) (any, error) {
	return withTeam(c, func(id string) (*muster.Team, error) {
		return c.services.Teams.RegenerateInviteID(c.ctx(), c.who, id)
	})
}

func getTeamStats(c *call) (any, error) {
	return withTeam(c, func(id string) (*teams.TeamStats, error) {
		return c.services.Teams.TeamStats(c.ctx(), c.who, id)
	})
}

func getTeamsForUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Teams.TeamsOfUser(c.ctx(), c.who, id)
}

// teamUnread is always zero, because there are no posts. Clients request it at login.
type teamUnread struct {
	TeamID       string `json:"team_id"`
	MsgCount     int64  `json:"msg_count"`
	MentionCount int64  `json:"mention_count"`
}

func getTeamsUnread(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	members, err := c.services.Teams.TeamMembershipsOf(c.ctx(), c.who, id)
	list := make([]teamUnread, len(members))
	for i, m := range members {
		list[i].TeamID = m.TeamID
	}
	return list, err
}
