package client

import (
	"context"
	"iter"
	"net/http"

	"muster"
)

// CreateChannel creates a public or private channel; TeamID, Name, DisplayName and Type are required.
func (c *Client) CreateChannel(ctx context.Context, ch *muster.Channel) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPost, "/channels", nil, ch)
}

// CreateDirectChannel returns the direct channel of two accounts, which it creates if need be.
func (c *Client) CreateDirectChannel(ctx context.Context, userID, otherID string) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPost, "/channels/direct", nil, []string{userID, otherID})
}

// CreateGroupChannel returns the group channel of three to eight accounts, which it creates if need be. The caller is always one of them.
func (c *Client) CreateGroupChannel(ctx context.Context, userIDs ...string) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPost, "/channels/group", nil, userIDs)
}

// Channel returns a channel by its id.
func (c *Client) Channel(ctx context.Context, channelID string) (*muster.Channel, error) {
	return get[*muster.Channel](ctx, c, route("channels", channelID), nil)
}

// ChannelByName returns a team's channel by its name.
func (c *Client) ChannelByName(ctx context.Context, teamID, name string) (*muster.Channel, error) {
	return get[*muster.Channel](ctx, c, route("teams", teamID, "channels", "name", name), nil)
}

// TeamChannels returns a page of a team's public channels.
func (c *Client) TeamChannels(ctx context.Context, teamID string, page, perPage int) ([]*muster.Channel, error) {
	return get[[]*muster.Channel](ctx, c, route("teams", teamID, "channels"), pageQuery(page, perPage))
}

// AllTeamChannels iterates over all pages of TeamChannels.
func (c *Client) AllTeamChannels(ctx context.Context, teamID string) iter.Seq2[*muster.Channel, error] {
	return pages(func(page, perPage int) ([]*muster.Channel, error) { return c.TeamChannels(ctx, teamID, page, perPage) })
}

// ChannelsOfUser returns an account's channels in a team, with its direct and group channels.
func (c *Client) ChannelsOfUser(ctx context.Context, userID, teamID string) ([]*muster.Channel, error) {
	return get[[]*muster.Channel](ctx, c, route("users", userID, "teams", teamID, "channels"), nil)
}

// ChannelStats holds the number of members of a channel.
type ChannelStats struct {
	ChannelID string `json:"channel_id"`
	Members   int64  `json:"member_count"`
	Guests    int64  `json:"guest_count"`
}

// ChannelStats returns the number of members of a channel.
func (c *Client) ChannelStats(ctx context.Context, channelID string) (*ChannelStats, error) {
	return get[*ChannelStats](ctx, c, route("channels", channelID, "stats"), nil)
}

// PatchChannel changes the fields that p sets.
func (c *Client) PatchChannel(ctx context.Context, channelID string, p *muster.ChannelPatch) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPut, route("channels", channelID, "patch"), nil, p)
}

// DeleteChannel archives a channel.
func (c *Client) DeleteChannel(ctx context.Context, channelID string) error {
	return act(ctx, c, http.MethodDelete, route("channels", channelID), nil)
}

// RestoreChannel restores an archived channel.
func (c *Client) RestoreChannel(ctx context.Context, channelID string) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPost, route("channels", channelID, "restore"), nil, nil)
}

// ChannelMembers returns a page of a channel's members.
func (c *Client) ChannelMembers(ctx context.Context, channelID string, page, perPage int) ([]*muster.ChannelMember, error) {
	return get[[]*muster.ChannelMember](ctx, c, route("channels", channelID, "members"), pageQuery(page, perPage))
}

// AllChannelMembers iterates over all pages of ChannelMembers.
func (c *Client) AllChannelMembers(ctx context.Context, channelID string) iter.Seq2[*muster.ChannelMember, error] {
	return pages(func(page, perPage int) ([]*muster.ChannelMember, error) {
		return c.ChannelMembers(ctx, channelID, page, perPage)
	})
}

// ChannelMembersByIDs returns the memberships of these accounts in a channel; those who are not members are left out.
func (c *Client) ChannelMembersByIDs(ctx context.Context, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	return send[[]*muster.ChannelMember](ctx, c, http.MethodPost, route("channels", channelID, "members", "ids"), nil, userIDs)
}

// ChannelMembersOfUser returns an account's channel memberships in a team, with those of its direct and group channels.
func (c *Client) ChannelMembersOfUser(ctx context.Context, userID, teamID string) ([]*muster.ChannelMember, error) {
	return get[[]*muster.ChannelMember](ctx, c, route("users", userID, "teams", teamID, "channels", "members"), nil)
}

// ChannelMember returns one membership of a channel.
func (c *Client) ChannelMember(ctx context.Context, channelID, userID string) (*muster.ChannelMember, error) {
	return get[*muster.ChannelMember](ctx, c, route("channels", channelID, "members", userID), nil)
}

// AddChannelMember adds an account to a channel.
func (c *Client) AddChannelMember(ctx context.Context, channelID, userID string) (*muster.ChannelMember, error) {
	body := map[string]string{"user_id": userID}
	return send[*muster.ChannelMember](ctx, c, http.MethodPost, route("channels", channelID, "members"), nil, body)
}

// RemoveChannelMember removes a member from a channel.
func (c *Client) RemoveChannelMember(ctx context.Context, channelID, userID string) error {
	return act(ctx, c, http.MethodDelete, route("channels", channelID, "members", userID), nil)
}

// UpdateChannelMemberRoles sets the roles of a member: their names, separated by spaces.
func (c *Client) UpdateChannelMemberRoles(ctx context.Context, channelID, userID, roles string) error {
	return act(ctx, c, http.MethodPut, route("channels", channelID, "members", userID, "roles"), map[string]string{"roles": roles})
}

// UpdateChannelMemberSchemeRoles sets which of the built-in roles a member has.
func (c *Client) UpdateChannelMemberSchemeRoles(ctx context.Context, channelID, userID string, r SchemeRoles) error {
	return act(ctx, c, http.MethodPut, route("channels", channelID, "members", userID, "schemeRoles"), r)
}

// ChannelMembersWithTeamData returns a page of an account's channel memberships over all teams.
func (c *Client) ChannelMembersWithTeamData(ctx context.Context, userID string, page, perPage int) ([]*muster.ChannelMemberWithTeamData, error) {
	return get[[]*muster.ChannelMemberWithTeamData](ctx, c, route("users", userID, "channel_members"), pageQuery(page, perPage))
}

// AllChannelMembersWithTeamData iterates over all pages of ChannelMembersWithTeamData.
func (c *Client) AllChannelMembersWithTeamData(ctx context.Context, userID string) iter.Seq2[*muster.ChannelMemberWithTeamData, error] {
	return pages(func(page, perPage int) ([]*muster.ChannelMemberWithTeamData, error) {
		return c.ChannelMembersWithTeamData(ctx, userID, page, perPage)
	})
}
