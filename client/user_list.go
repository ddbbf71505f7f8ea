package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"muster"
)

// UsersQuery filters and sorts a list of users; the zero value means all users by username.
type UsersQuery struct {
	InTeam, NotInTeam       string // team ids
	InChannel, NotInChannel string // channel ids; NotInChannel needs InTeam
	InGroup, NotInGroup     string // group ids
	GroupConstrained        bool   // with NotInTeam or NotInChannel: only members of the linked groups
	WithoutTeam             bool
	Active, Inactive        bool     // at most one of both
	Role                    string   // one role of the account
	Roles                   []string // any of the account's, team's or channel's roles
	TeamRoles, ChannelRoles []string
	Sort                    string // last_activity_at or create_at in a team; status or admin in a channel; display_name in a group
	Page, PerPage           int    // pages count from 0; 0 per page means 60, the most is MaxPerPage
}

func (q UsersQuery) values() url.Values {
	v := pageQuery(q.Page, q.PerPage)
	setText(v, "in_team", q.InTeam)
	setText(v, "not_in_team", q.NotInTeam)
	setText(v, "in_channel", q.InChannel)
	setText(v, "not_in_channel", q.NotInChannel)
	setText(v, "in_group", q.InGroup)
	setText(v, "not_in_group", q.NotInGroup)
	setFlag(v, "group_constrained", q.GroupConstrained)
	setFlag(v, "without_team", q.WithoutTeam)
	setFlag(v, "active", q.Active)
	setFlag(v, "inactive", q.Inactive)
	setText(v, "role", q.Role)
	setText(v, "roles", strings.Join(q.Roles, ","))
	setText(v, "team_roles", strings.Join(q.TeamRoles, ","))
	setText(v, "channel_roles", strings.Join(q.ChannelRoles, ","))
	setText(v, "sort", q.Sort)
	return v
}

// Users returns one page of a list of users.
func (c *Client) Users(ctx context.Context, q UsersQuery, opts ...CallOption) ([]*muster.User, error) {
	return get[[]*muster.User](ctx, c, "/users", q.values(), opts...)
}

// AllUsers iterates over all pages of Users; q.Page and q.PerPage are ignored.
func (c *Client) AllUsers(ctx context.Context, q UsersQuery) iter.Seq2[*muster.User, error] {
	return pages(func(page, perPage int) ([]*muster.User, error) {
		q.Page, q.PerPage = page, perPage
		return c.Users(ctx, q)
	})
}

// UsersByIDs returns the accounts with these ids that changed after since, in Unix milliseconds; 0 means all.
func (c *Client) UsersByIDs(ctx context.Context, ids []string, since int64) ([]*muster.User, error) {
	q := url.Values{}
	if since != 0 {
		q.Set("since", strconv.FormatInt(since, 10))
	}
	return send[[]*muster.User](ctx, c, http.MethodPost, "/users/ids", q, ids)
}

// UsersByUsernames returns the accounts with these usernames.
func (c *Client) UsersByUsernames(ctx context.Context, usernames []string) ([]*muster.User, error) {
	return send[[]*muster.User](ctx, c, http.MethodPost, "/users/usernames", nil, usernames)
}

// UsersByGroupChannels returns the members of each of the caller's group channels, by channel id.
func (c *Client) UsersByGroupChannels(ctx context.Context, channelIDs []string) (map[string][]*muster.User, error) {
	return send[map[string][]*muster.User](ctx, c, http.MethodPost, "/users/group_channels", nil, channelIDs)
}

// UserSearch is a search for users; Term is required and matches the beginnings of words.
type UserSearch struct {
	Term             string   `json:"term"`
	TeamID           string   `json:"team_id,omitempty"`
	NotInTeamID      string   `json:"not_in_team_id,omitempty"`
	InChannelID      string   `json:"in_channel_id,omitempty"`
	NotInChannelID   string   `json:"not_in_channel_id,omitempty"` // needs TeamID
	InGroupID        string   `json:"in_group_id,omitempty"`
	NotInGroupID     string   `json:"not_in_group_id,omitempty"`
	GroupConstrained bool     `json:"group_constrained,omitempty"`
	AllowInactive    bool     `json:"allow_inactive,omitempty"` // include deactivated accounts
	WithoutTeam      bool     `json:"without_team,omitempty"`
	Limit            int      `json:"limit,omitempty"` // 1 to 1000; 0 means 100
	Role             string   `json:"role,omitempty"`
	Roles            []string `json:"roles,omitempty"`
	ChannelRoles     []string `json:"channel_roles,omitempty"`
	TeamRoles        []string `json:"team_roles,omitempty"`
}

// SearchUsers returns the users that a search finds, by email address only where the caller may see it.
func (c *Client) SearchUsers(ctx context.Context, s UserSearch) ([]*muster.User, error) {
	return send[[]*muster.User](ctx, c, http.MethodPost, "/users/search", nil, s)
}

// Autocomplete is a name to complete. With ChannelID, users of the team who are not in the channel are listed separately.
type Autocomplete struct {
	Name              string
	TeamID, ChannelID string
	Limit             int // 0 means 100
}

// AutocompleteUsers returns the users whose names begin with a.Name.
func (c *Client) AutocompleteUsers(ctx context.Context, a Autocomplete) (*muster.UserAutocomplete, error) {
	q := url.Values{"name": {a.Name}}
	setText(q, "in_team", a.TeamID)
	setText(q, "in_channel", a.ChannelID)
	setNumber(q, "limit", a.Limit)
	return get[*muster.UserAutocomplete](ctx, c, "/users/autocomplete", q)
}

// KnownUsers returns the ids of all users who share a channel with the caller.
func (c *Client) KnownUsers(ctx context.Context) ([]string, error) {
	return get[[]string](ctx, c, "/users/known", nil)
}

// UsersStats returns the number of users that the caller may see.
func (c *Client) UsersStats(ctx context.Context) (*muster.UsersStats, error) {
	return get[*muster.UsersStats](ctx, c, "/users/stats", nil)
}

// StatsQuery filters a count of users.
type StatsQuery struct {
	InTeam, InChannel              string
	IncludeDeleted, IncludeBots    bool
	Roles, TeamRoles, ChannelRoles []string
}

// UsersStatsFiltered returns the number of users that match q.
func (c *Client) UsersStatsFiltered(ctx context.Context, q StatsQuery) (*muster.UsersStats, error) {
	v := url.Values{}
	setText(v, "in_team", q.InTeam)
	setText(v, "in_channel", q.InChannel)
	setFlag(v, "include_deleted", q.IncludeDeleted)
	setFlag(v, "include_bots", q.IncludeBots)
	setText(v, "roles", strings.Join(q.Roles, ","))
	setText(v, "team_roles", strings.Join(q.TeamRoles, ","))
	setText(v, "channel_roles", strings.Join(q.ChannelRoles, ","))
	return get[*muster.UsersStats](ctx, c, "/users/stats/filtered", v)
}
