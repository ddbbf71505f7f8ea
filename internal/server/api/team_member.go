package api

import (
	"net/http"

	"muster"
	"muster/internal/teams"
)

func getTeamMembers(c *call) (any, error) {
	return withTeam(c, func(id string) ([]*muster.TeamMember, error) {
		return c.services.Teams.TeamMembers(c.ctx(), c.who, id, c.page())
	})
}

func addTeamMember(c *call) (any, error) {
	return withTeam(c, func(id string) (reply, error) {
		var m muster.TeamMember
		if err := c.decode(&m, muster.InvalidParam("team_member")); err != nil {
			return reply{}, err
		}
		if m.TeamID != id {
			return reply{}, muster.InvalidParam("team_id")
		}
		if !muster.ValidID(m.UserID) {
			return reply{}, muster.InvalidParam("user_id")
		}
		members, err := c.services.Teams.AddTeamMembers(c.ctx(), c.who, id, []string{m.UserID})
		if err != nil {
			return reply{}, err
		}
		return reply{status: http.StatusCreated, body: members[0]}, nil
	})
}

func addTeamMembers(c *call) (any, error) {
	return withTeam(c, func(id string) (reply, error) {
		var list []muster.TeamMember
		if err := c.decode(&list, muster.InvalidParam("members")); err != nil {
			return reply{}, err
		}
		var ids []string
		for _, m := range list {
			if m.TeamID != id {
				return reply{}, muster.InvalidParam("team_id")
			}
			if !muster.ValidID(m.UserID) {
				return reply{}, muster.InvalidParam("user_id")
			}
			ids = append(ids, m.UserID)
		}
		members, err := c.services.Teams.AddTeamMembers(c.ctx(), c.who, id, ids)
		return reply{status: http.StatusCreated, body: members}, err
	})
}

func joinTeamByInvite(c *call) (any, error) {
	m, err := c.services.Teams.JoinTeamByInvite(c.ctx(), c.who, c.query("invite_id"))
	return reply{status: http.StatusCreated, body: m}, err
}

func getTeamMembersByIDs(c *call) (any, error) {
	return withTeam(c, func(id string) ([]*muster.TeamMember, error) {
		ids, err := c.decodeStrings()
		if err != nil {
			return nil, err
		}
		return c.services.Teams.TeamMembersByIDs(c.ctx(), c.who, id, ids)
	})
}

// withTeamMember calls use with the team and user ids of the path.
func withTeamMember[T any](c *call, use func(teamID, userID string) (T, error)) (any, error) {
	return withTeam(c, func(teamID string) (any, error) {
		userID, err := c.userID()
		if err != nil {
			return nil, err
		}
		return use(teamID, userID)
	})
}

func getTeamMember(c *call) (any, error) {
	return withTeamMember(c, func(teamID, userID string) (*muster.TeamMember, error) {
		return c.services.Teams.TeamMember(c.ctx(), c.who, teamID, userID)
	})
}

func removeTeamMember(c *call) (any, error) {
	return withTeamMember(c, func(teamID, userID string) (statusOK, error) {
		return ok, c.services.Teams.RemoveTeamMember(c.ctx(), c.who, teamID, userID)
	})
}

// roleNames decodes a body that sets roles by name.
func (c *call) roleNames() (string, error) {
	var body struct {
		Roles string `json:"roles"`
	}
	err := c.decode(&body, muster.InvalidParam("roles"))
	return body.Roles, err
}

// schemeRoles decodes a body that sets the scheme flags of a membership.
func (c *call) schemeRoles() (r teams.SchemeRoles, err error) {
	return r, c.decode(&r, muster.InvalidParam("scheme_roles"))
}

func updateTeamMemberRoles(c *call) (any, error) {
	return withTeamMember(c, func(teamID, userID string) (statusOK, error) {
		roles, err := c.roleNames()
		if err != nil {
			return ok, err
		}
		return ok, c.services.Teams.UpdateTeamMemberRoles(c.ctx(), c.who, teamID, userID, roles)
	})
}

func updateTeamMemberSchemeRoles(c *call) (any, error) {
	return withTeamMember(c, func(teamID, userID string) (statusOK, error) {
		r, err := c.schemeRoles()
		if err != nil {
			return ok, err
		}
		return ok, c.services.Teams.UpdateTeamMemberSchemeRoles(c.ctx(), c.who, teamID, userID, r)
	})
}

func getTeamMembersForUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Teams.TeamMembershipsOf(c.ctx(), c.who, id)
}
