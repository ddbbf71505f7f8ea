package client

import (
	"context"
	"iter"
	"net/http"

	"muster"
)

// CreateGroup makes a custom group with its first members; Name, DisplayName and Source (muster.GroupSourceCustom) are needed.
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

// GroupsQuery narrows a list of groups; the zero value is all that are not archived.
type GroupsQuery struct {
	Term                    string // in the name or the display name
	Member                  string // the id of a user who is in the group
	NotInTeam, NotInChannel string // the id of a team or channel that it is not linked to
	Source                  string // muster.GroupSourceCustom or muster.GroupSourceLdap
	AllowReference          bool   // only what may be mentioned
	Archived, OnlyArchived  bool   // archived ones too, or nothing else
	Page, PerPage           int    // counted from 0; the API's 60 for 0, MaxPerPage at the most
}

// Groups gives one page of a list of groups.
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

// AllGroups walks all pages of Groups; q.Page and q.PerPage are not looked at.
func (c *Client) AllGroups(ctx context.Context, q GroupsQuery) iter.Seq2[*muster.Group, error] {
	return pages(func(page, perPage int) ([]*muster.Group, error) {
		q.Page, q.PerPage = page, perPage
		return c.Groups(ctx, q)
	})
}

// GroupsOfUser gives the groups that a user is in.
func (c *Client) GroupsOfUser(ctx context.Context, userID string) ([]*muster.Group, error) {
	return get[[]*muster.Group](ctx, c, route("users", userID, "groups"), nil)
}

// Group gives a group by its id.
func (c *Client) Group(ctx context.Context, groupID string) (*muster.Group, error) {
	return get[*muster.Group](ctx, c, route("groups", groupID), nil)
}

// PatchGroup changes the fields that p names.
func (c *Client) PatchGroup(ctx context.Context, groupID string, p *muster.GroupPatch) (*muster.Group, error) {
	return send[*muster.Group](ctx, c, http.MethodPut, route("groups", groupID, "patch"), nil, p)
}

// DeleteGroup archives a group.
func (c *Client) DeleteGroup(ctx context.Context, groupID string) error {
	return act(ctx, c, http.MethodDelete, route("groups", groupID), nil)
}

// RestoreGroup brings an archived group back.
func (c *Client) RestoreGroup(ctx context.Context, groupID string) (*muster.Group, error) {
	return send[*muster.Group](ctx, c, http.MethodPost, route("groups", groupID, "restore"), nil, nil)
}

// GroupStats is how many active members a group has.
type GroupStats struct {
	GroupID string `json:"group_id"`
	Members int64  `json:"total_member_count"`
}

// GroupStats counts a group's members.
func (c *Client) GroupStats(ctx context.Context, groupID string) (*GroupStats, error) {
	return get[*GroupStats](ctx, c, route("groups", groupID, "stats"), nil)
}

// GroupMembers is a page of a group's active members, and how many there are in all.
type GroupMembers struct {
	Members []*muster.User `json:"members"`
	Total   int64          `json:"total_member_count"`
}

// GroupMembers gives a page of a group's members.
func (c *Client) GroupMembers(ctx context.Context, groupID string, page, perPage int) (*GroupMembers, error) {
	return get[*GroupMembers](ctx, c, route("groups", groupID, "members"), pageQuery(page, perPage))
}

// AllGroupMembers walks all pages of GroupMembers.
func (c *Client) AllGroupMembers(ctx context.Context, groupID string) iter.Seq2[*muster.User, error] {
	return pages(func(page, perPage int) ([]*muster.User, error) {
		m, err := c.GroupMembers(ctx, groupID, page, perPage)
		if err != nil {
			return nil, err
		}
		return m.Members, nil
	})
}

// AddGroupMembers puts users in a group, all or none.
func (c *Client) AddGroupMembers(ctx context.Context, groupID string, userIDs ...string) ([]*muster.GroupMember, error) {
	return send[[]*muster.GroupMember](ctx, c, http.MethodPost, route("groups", groupID, "members"), nil, groupUsers{userIDs})
}

// RemoveGroupMembers takes users out of a group, all or none.
func (c *Client) RemoveGroupMembers(ctx context.Context, groupID string, userIDs ...string) ([]*muster.GroupMember, error) {
	return send[[]*muster.GroupMember](ctx, c, http.MethodDelete, route("groups", groupID, "members"), nil, groupUsers{userIDs})
}
