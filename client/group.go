package client

import (
	"context"
	"iter"
	"net/http"

	"muster"
)

// CreateGroup creates a custom group with its first members; Name, DisplayName and Source (muster.GroupSourceCustom) are required.
func (c *Client) CreateGroup(ctx context.Context, g *muster.Group, userIDs ...string) (*muster.Group, error) {
	body := struct {
		*muster.Group
		groupUsers
	}{g, groupUsers{userIDs}}
	return send[*muster.Group](ctx, c, http.MethodPost, "/groups", nil, body)
}

type groupUsers struct {
	UserIDs []string `json:"user_ids"`
}

// GroupsQuery filters a list of groups; the zero value means all that are not archived.
type GroupsQuery struct {
	Term                    string // in the name or the display name
	Member                  string // the id of a member
	NotInTeam, NotInChannel string // the id of a team or channel that the group is not linked to
	Source                  string // muster.GroupSourceCustom or muster.GroupSourceLdap
	AllowReference          bool   // only groups that may be mentioned
	Archived, OnlyArchived  bool   // include archived groups, or return only those
	Page, PerPage           int    // pages count from 0; 0 per page means 60, the most is MaxPerPage
}

// Groups returns one page of a list of groups.
func (c *Client) Groups(ctx context.Context, q GroupsQuery) ([]*muster.Group, error) {
	v := pageQuery(q.Page, q.PerPage)
	setText(v, "q", q.Term)
	setText(v, "filter_has_member", q.Member)
	setText(v, "not_associated_to_team", q.NotInTeam)
	setText(v, "not_associated_to_channel", q.NotInChannel)
	setText(v, "group_source", q.Source)
	setFlag(v, "filter_allow_reference", q.AllowReference)
	setFlag(v, "include_archived", q.Archived)
	setFlag(v, "filter_archived", q.OnlyArchived)
	return get[[]*muster.Group](ctx, c, "/groups", v)
}

// AllGroups iterates over all pages of Groups; q.Page and q.PerPage are ignored.
func (c *Client) AllGroups(ctx context.Context, q GroupsQuery) iter.Seq2[*muster.Group, error] {
	return pages(func(page, perPage int) ([]*muster.Group, error) {
		q.Page, q.PerPage = page, perPage
		return c.Groups(ctx, q)
	})
}

// GroupsOfUser returns the groups of a user.
func (c *Client) GroupsOfUser(ctx context.Context, userID string) ([]*muster.Group, error) {
	return get[[]*muster.Group](ctx, c, route("users", userID, "groups"), nil)
}

// Group returns a group by its id.
func (c *Client) Group(ctx context.Context, groupID string) (*muster.Group, error) {
	return get[*muster.Group](ctx, c, route("groups", groupID), nil)
}

// PatchGroup changes the fields that p sets.
func (c *Client) PatchGroup(ctx context.Context, groupID string, p *muster.GroupPatch) (*muster.Group, error) {
	return send[*muster.Group](ctx, c, http.MethodPut, route("groups", groupID, "patch"), nil, p)
}

// DeleteGroup archives a group.
func (c *Client) DeleteGroup(ctx context.Context, groupID string) error {
	return act(ctx, c, http.MethodDelete, route("groups", groupID), nil)
}

// RestoreGroup restores an archived group.
func (c *Client) RestoreGroup(ctx context.Context, groupID string) (*muster.Group, error) {
	return send[*muster.Group](ctx, c, http.MethodPost, route("groups", groupID, "restore"), nil, nil)
}

// GroupStats holds the number of active members of a group.
type GroupStats struct {
	GroupID string `json:"group_id"`
	Members int64  `json:"total_member_count"`
}

// GroupStats returns the number of active members of a group.
func (c *Client) GroupStats(ctx context.Context, groupID string) (*GroupStats, error) {
	return get[*GroupStats](ctx, c, route("groups", groupID, "stats"), nil)
}

// GroupMembers is a page of a group's active members, with their total number.
type GroupMembers struct {
	Members []*muster.User `json:"members"`
	Total   int64          `json:"total_member_count"`
}

// GroupMembers returns a page of a group's members.
func (c *Client) GroupMembers(ctx context.Context, groupID string, page, perPage int) (*GroupMembers, error) {
	return get[*GroupMembers](ctx, c, route("groups", groupID, "members"), pageQuery(page, perPage))
}

// AllGroupMembers iterates over all pages of GroupMembers.
func (c *Client) AllGroupMembers(ctx context.Context, groupID string) iter.Seq2[*muster.User, error] {
	return pages(func(page, perPage int) ([]*muster.User, error) {
		m, err := c.GroupMembers(ctx, groupID, page, perPage)
		if err != nil {
			return nil, err
		}
		return m.Members, nil
	})
}

// AddGroupMembers adds users to a group, all or none of them.
func (c *Client) AddGroupMembers(ctx context.Context, groupID string, userIDs ...string) ([]*muster.GroupMember, error) {
	return send[[]*muster.GroupMember](ctx, c, http.MethodPost, route("groups", groupID, "members"), nil, groupUsers{userIDs})
}

// RemoveGroupMembers removes users from a group, all or none of them.
func (c *Client) RemoveGroupMembers(ctx context.Context, groupID string, userIDs ...string) ([]*muster.GroupMember, error) {
	return send[[]*muster.GroupMember](ctx, c, http.MethodDelete, route("groups", groupID, "members"), nil, groupUsers{userIDs})
}
