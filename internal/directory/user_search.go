package directory

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// Bounds of a search (models.json, UserSearch.limits).
const (
	SearchLimitDefault = 100
	SearchLimitMax     = 1000
	searchTermMaxBytes = 256
)

// UserSearch is the body of search_users.
type UserSearch struct {
	Term             string   `json:"term"`
	TeamID           string   `json:"team_id"`
	NotInTeamID      string   `json:"not_in_team_id"`
	InChannelID      string   `json:"in_channel_id"`
	NotInChannelID   string   `json:"not_in_channel_id"`
	InGroupID        string   `json:"in_group_id"`
	NotInGroupID     string   `json:"not_in_group_id"`
	GroupConstrained bool     `json:"group_constrained"`
	AllowInactive    bool     `json:"allow_inactive"`
	WithoutTeam      bool     `json:"without_team"`
	Limit            int      `json:"limit"` // 0: SearchLimitDefault
	Role             string   `json:"role"`
	Roles            []string `json:"roles"`
	ChannelRoles     []string `json:"channel_roles"`
	TeamRoles        []string `json:"team_roles"`
}

func (s *UserSearch) check() error {
	if s.Limit == 0 {
		s.Limit = SearchLimitDefault
	}
	switch {
	case s.Term == "" || len(s.Term) > searchTermMaxBytes || !muster.ValidText(s.Term, searchTermMaxBytes):
		return muster.InvalidParam("term")
	case s.TeamID == "" && s.NotInChannelID != "":
		return muster.InvalidParam("team_id")
	case s.Limit < 0 || s.Limit > SearchLimitMax:
		return muster.InvalidParam("limit")
	}
	return nil
}

// SearchUsers finds users by the beginnings of the words of their names and, where the caller may see
// them, full names and addresses. Kinds: Invalid, Forbidden, NotFound.
func (d *Directory) SearchUsers(ctx context.Context, who *core.Caller, s UserSearch) ([]*muster.User, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	for _, id := range []string{s.InChannelID, s.NotInChannelID} {
		if id != "" {
			if err := d.core.RequireChannel(ctx, who, id, muster.PermReadChannel); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range []string{s.TeamID, s.NotInTeamID} {
		if id != "" {
			if err := d.core.RequireTeam(ctx, who, id, muster.PermViewTeam); err != nil {
				return nil, err
			}
		}
	}
	if err := d.requireListGroups(ctx, who, s.InGroupID, s.NotInGroupID); err != nil {
		return nil, err
	}
	return d.search(ctx, who, s.Term, true, store.UserFilter{
		InTeam: s.TeamID, NotInTeam: s.NotInTeamID, InChannel: s.InChannelID, NotInChannel: s.NotInChannelID,
		InGroup: s.InGroupID, NotInGroup: s.NotInGroupID, GroupConstrained: s.GroupConstrained, WithoutTeam: s.WithoutTeam, Active: !s.AllowInactive, Role: s.Role,
		Roles: s.Roles, TeamRoles: s.TeamRoles, ChannelRoles: s.ChannelRoles, Limit: s.Limit,
	})
}

func (d *Directory) search(ctx context.Context, who *core.Caller, term string, byEmail bool, f store.UserFilter) ([]*muster.User, error) {
	sees, err := d.core.OthersVisibility(ctx, who)
	if err != nil {
		return nil, err
	}
	if f.Viewer, err = d.core.Viewer(ctx, who); err != nil {
		return nil, err
	}
	users, err := d.store.SearchUsers(ctx, term, store.UserSearch{
		UserFilter: f, FullNames: sees.FullName, Emails: byEmail && sees.Email,
	})
	if err != nil {
		return nil, err
	}
	return d.core.SanitizeForOthers(ctx, who, users)
}

// Autocomplete is the parameters of autocomplete_users.
type Autocomplete struct {
	Name      string // "" matches everybody
	TeamID    string
	ChannelID string // needs TeamID
	Limit     int
}

// AutocompleteUsers finds active users by the beginning of a name; with a channel, first those in it and then
// the team's others. Kinds: Invalid, Forbidden.
func (d *Directory) AutocompleteUsers(ctx context.Context, who *core.Caller, q Autocomplete) (*muster.UserAutocomplete, error) {
	if !muster.ValidText(q.Name, searchTermMaxBytes) {
		return nil, muster.InvalidParam("name")
	}
	if q.ChannelID != "" {
		if q.TeamID == "" {
			return nil, muster.E(muster.Invalid, "api.user.autocomplete_users.missing_team_id.app_error")
		}
		if err := d.core.RequireChannel(ctx, who, q.ChannelID, muster.PermReadChannel); err != nil {
			return nil, err
		}
	}
	if q.TeamID != "" {
		if err := d.core.RequireTeam(ctx, who, q.TeamID, muster.PermViewTeam); err != nil {
			return nil, err
		}
	}
	out := &muster.UserAutocomplete{Users: []*muster.User{}}
	limit := min(q.Limit, SearchLimitMax)
	if limit <= 0 {
		return out, nil
	}
	var err error
	f := store.UserFilter{InTeam: q.TeamID, InChannel: q.ChannelID, Active: true, Limit: limit}
	if out.Users, err = d.search(ctx, who, q.Name, false, f); err != nil || q.ChannelID == "" {
		return out, err
	}
	f.InChannel, f.NotInChannel = "", q.ChannelID
	out.OutOfChannel, err = d.search(ctx, who, q.Name, false, f)
	return out, err
}
