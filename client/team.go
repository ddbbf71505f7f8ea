package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"muster"
)

// CreateTeam creates a team; Name, DisplayName and Type are required. The caller becomes its administrator.
func (c *Client) CreateTeam(ctx context.Context, t *muster.Team) (*muster.Team, error) {
	return send[*muster.Team](ctx, c, http.MethodPost, "/teams", nil, t)
}

// Teams returns a page of the teams that the caller may see.
func (c *Client) Teams(ctx context.Context, page, perPage int) ([]*muster.Team, error) {
	return get[[]*muster.Team](ctx, c, "/teams", pageQuery(page, perPage))
}

// AllTeams iterates over all pages of Teams.
func (c *Client) AllTeams(ctx context.Context) iter.Seq2[*muster.Team, error] {
	return pages(func(page, perPage int) ([]*muster.Team, error) { return c.Teams(ctx, page, perPage) })
}

// TeamsOfUser returns the teams that an account is a member of.
func (c *Client) TeamsOfUser(ctx context.Context, userID string) ([]*muster.Team, error) {
	return get[[]*muster.Team](ctx, c, route("users", userID, "teams"), nil)
}

// Team returns a team by its id.
func (c *Client) Team(ctx context.Context, teamID string) (*muster.Team, error) {
	return get[*muster.Team](ctx, c, route("teams", teamID), nil)
}

// TeamByName returns a team by its name.
func (c *Client) TeamByName(ctx context.Context, name string) (*muster.Team, error) {
	return get[*muster.Team](ctx, c, route("teams", "name", name), nil)
}

// TeamInvite is what invited people may know about a team.
type TeamInvite struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Description string `json:"description"`
}

// TeamByInvite returns the team with this invite id; no session is required.
func (c *Client) TeamByInvite(ctx context.Context, inviteID string) (*TeamInvite, error) {
	return get[*TeamInvite](ctx, c, route("teams", "invite", inviteID), nil)
}

// TeamStats holds the number of members of a team.
type TeamStats struct {
	TeamID  string `json:"team_id"`
	Members int64  `json:"total_member_count"`
	Active  int64  `json:"active_member_count"` // not deactivated
}

// TeamStats returns the number of members of a team.
func (c *Client) TeamStats(ctx context.Context, teamID string) (*TeamStats, error) {
	return get[*TeamStats](ctx, c, route("teams", teamID, "stats"), nil)
}

// PatchTeam changes the fields that p sets.
func (c *Client) PatchTeam(ctx context.Context, teamID string, p *muster.TeamPatch) (*muster.Team, error) {
	return send[*muster.Team](ctx, c, http.MethodPut, route("teams", teamID, "patch"), nil, p)
}

// DeleteTeam archives a team.
func (c *Client) DeleteTeam(ctx context.Context, teamID string) error {
	return act(ctx, c, http.MethodDelete, route("teams", teamID), nil)
}

// RestoreTeam restores an archived team.
func (c *Client) RestoreTeam(ctx context.Context, teamID string) (*muster.Team, error) {
	return send[*muster.Team](ctx, c, http.MethodPost, route("teams", teamID, "restore"), nil, nil)
}

// RegenerateTeamInviteID replaces a team's invite id. The old one stops working.
func (c *Client) RegenerateTeamInviteID(ctx context.Context, teamID string) (*muster.Team, error) {
	return send[*muster.Team](ctx, c, http.MethodPost, route("teams", teamID, "regenerate_invite_id"), nil, nil)
}

// TeamMembers returns a page of a team's members.
func (c *Client) TeamMembers(ctx context.Context, teamID string, page, perPage int) ([]*muster.TeamMember, error) {
	return get[[]*muster.TeamMember](ctx, c, route("teams", teamID, "members"), pageQuery(page, perPage))
}

// AllTeamMembers iterates over all pages of TeamMembers.
func (c *Client) AllTeamMembers(ctx context.Context, teamID string) iter.Seq2[*muster.TeamMember, error] {
	return pages(func(page, perPage int) ([]*muster.TeamMember, error) {
		return c.TeamMembers(ctx, teamID, page, perPage)
	})
}

// TeamMembersByIDs returns the memberships of these accounts in a team; those who are not members are left out.
func (c *Client) TeamMembersByIDs(ctx context.Context, teamID string, userIDs []string) ([]*muster.TeamMember, error) {
	return send[[]*muster.TeamMember](ctx, c, http.MethodPost, route("teams", teamID, "members", "ids"), nil, userIDs)
}

// TeamMembersOfUser returns all team memberships of an account.
func (c *Client) TeamMembersOfUser(ctx context.Context, userID string) ([]*muster.TeamMember, error) {
	return get[[]*muster.TeamMember](ctx, c, route("users", userID, "teams", "members"), nil)
}

// TeamMember returns one membership of a team.
func (c *Client) TeamMember(ctx context.Context, teamID, userID string) (*muster.TeamMember, error) {
	return get[*muster.TeamMember](ctx, c, route("teams", teamID, "members", userID), nil)
}

// AddTeamMember adds an account to a team.
func (c *Client) AddTeamMember(ctx context.Context, teamID, userID string) (*muster.TeamMember, error) {
	body := muster.TeamMember{TeamID: teamID, UserID: userID}
	return send[*muster.TeamMember](ctx, c, http.MethodPost, route("teams", teamID, "members"), nil, body)
}

// AddTeamMembers adds several accounts to a team.
func (c *Client) AddTeamMembers(ctx context.Context, teamID string, userIDs ...string) ([]*muster.TeamMember, error) {
	body := make([]muster.TeamMember, 0, len(userIDs))
	for _, id := range userIDs {
		body = append(body, muster.TeamMember{TeamID: teamID, UserID: id})
	}
	return send[[]*muster.TeamMember](ctx, c, http.MethodPost, route("teams", teamID, "members", "batch"), nil, body)
}

// JoinTeamByInvite adds the caller to the team with this invite id.
func (c *Client) JoinTeamByInvite(ctx context.Context, inviteID string) (*muster.TeamMember, error) {
	return send[*muster.TeamMember](ctx, c, http.MethodPost, "/teams/members/invite", url.Values{"invite_id": {inviteID}}, nil)
}

// RemoveTeamMember removes a member from a team.
func (c *Client) RemoveTeamMember(ctx context.Context, teamID, userID string) error {
	return act(ctx, c, http.MethodDelete, route("teams", teamID, "members", userID), nil)
}

// UpdateTeamMemberRoles sets the roles of a member: their names, separated by spaces.
func (c *Client) UpdateTeamMemberRoles(ctx context.Context, teamID, userID, roles string) error {
	return act(ctx, c, http.MethodPut, route("teams", teamID, "members", userID, "roles"), map[string]string{"roles": roles})
}

// SchemeRoles are the built-in roles of a membership.
type SchemeRoles struct {
	Admin bool `json:"scheme_admin"`
	User  bool `json:"scheme_user"`
	Guest bool `json:"scheme_guest"`
}

// UpdateTeamMemberSchemeRoles sets which of the built-in roles a member has.
func (c *Client) UpdateTeamMemberSchemeRoles(ctx context.Context, teamID, userID string, r SchemeRoles) error {
	return act(ctx, c, http.MethodPut, route("teams", teamID, "members", userID, "schemeRoles"), r)
}
