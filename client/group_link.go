package client

import (
	"context"
	"net/http"

	"muster"
)

// GroupLink holds the properties of a link between a group and a team or channel, for programs that synchronise members.
type GroupLink struct {
	AutoAdd     bool `json:"auto_add"`     // the group's members should join
	SchemeAdmin bool `json:"scheme_admin"` // the group's members should be administrators
}

// LinkGroupToTeam links a group to a team. A group-constrained team has only members of its linked groups.
func (c *Client) LinkGroupToTeam(ctx context.Context, groupID, teamID string, l GroupLink) (*muster.GroupSyncable, error) {
	return send[*muster.GroupSyncable](ctx, c, http.MethodPost, route("groups", groupID, "teams", teamID, "link"), nil, l)
}

// UnlinkGroupFromTeam removes a group's link to a team.
func (c *Client) UnlinkGroupFromTeam(ctx context.Context, groupID, teamID string) error {
	return act(ctx, c, http.MethodDelete, route("groups", groupID, "teams", teamID, "link"), nil)
}

// GroupTeams returns the links of a group to teams.
func (c *Client) GroupTeams(ctx context.Context, groupID string) ([]*muster.GroupSyncable, error) {
	return get[[]*muster.GroupSyncable](ctx, c, route("groups", groupID, "teams"), nil)
}

// LinkGroupToChannel links a group to a channel. A group-constrained channel has only members of its linked groups.
func (c *Client) LinkGroupToChannel(ctx context.Context, groupID, channelID string, l GroupLink) (*muster.GroupSyncable, error) {
	return send[*muster.GroupSyncable](ctx, c, http.MethodPost, route("groups", groupID, "channels", channelID, "link"), nil, l)
}

// UnlinkGroupFromChannel removes a group's link to a channel.
func (c *Client) UnlinkGroupFromChannel(ctx context.Context, groupID, channelID string) error {
	return act(ctx, c, http.MethodDelete, route("groups", groupID, "channels", channelID, "link"), nil)
}

// GroupChannels returns the links of a group to channels.
func (c *Client) GroupChannels(ctx context.Context, groupID string) ([]*muster.GroupSyncable, error) {
	return get[[]*muster.GroupSyncable](ctx, c, route("groups", groupID, "channels"), nil)
}
