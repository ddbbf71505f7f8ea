package client

import (
	"context"
	"net/http"

	"muster"
)

// GroupLink is what is kept with a link of a group to a team or channel, for programs that keep its members in step.
type GroupLink struct {
	AutoAdd     bool `json:"auto_add"`     // the group's members are to join
	SchemeAdmin bool `json:"scheme_admin"` // they are to administer it
}

// LinkGroupToTeam links a group to a team: in one that is group-constrained only linked groups' members belong.
func (c *Client) LinkGroupToTeam(ctx context.Context, groupID, teamID string, l GroupLink) (*muster.GroupSyncable, error) {
	return send[*muster.GroupSyncable](ctx, c, http.MethodPost, route("groups", groupID, "teams", teamID, "link"), nil, l)
}

// UnlinkGroupFromTeam ends a group's link to a team.
func (c *Client) UnlinkGroupFromTeam(ctx context.Context, groupID, teamID string) error {
	return act(ctx, c, http.MethodDelete, route("groups", groupID, "teams", teamID, "link"), nil)
}

// GroupTeams gives the links of a group to teams.
func (c *Client) GroupTeams(ctx context.Context, groupID string) ([]*muster.GroupSyncable, error) {
	return get[[]*muster.GroupSyncable](ctx, c, route("groups", groupID, "teams"), nil)
}

// LinkGroupToChannel links a group to a channel: in one that is group-constrained only linked groups' members belong.
func (c *Client) LinkGroupToChannel(ctx context.Context, groupID, channelID string, l GroupLink) (*muster.GroupSyncable, error) {
	return send[*muster.GroupSyncable](ctx, c, http.MethodPost, route("groups", groupID, "channels", channelID, "link"), nil, l)
}

// UnlinkGroupFromChannel ends a group's link to a channel.
func (c *Client) UnlinkGroupFromChannel(ctx context.Context, groupID, channelID string) error {
	return act(ctx, c, http.MethodDelete, route("groups", groupID, "channels", channelID, "link"), nil)
}

// GroupChannels gives the links of a group to channels.
func (c *Client) GroupChannels(ctx context.Context, groupID string) ([]*muster.GroupSyncable, error) {
	return get[[]*muster.GroupSyncable](ctx, c, route("groups", groupID, "channels"), nil)
}
