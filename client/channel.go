package client

import (
	"context"
	"iter"
	"net/http"

	"muster"
)

// CreateChannel makes a public or private channel; TeamID, Name, DisplayName and Type are needed.
func (c *Client) CreateChannel(ctx context.Context, ch *muster.Channel) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPost, "/channels", nil, ch)
}

// CreateDirectChannel gives the channel of two accounts, made if need be.
func (c *Client) CreateDirectChannel(ctx context.Context, userID, otherID string) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPost, "/channels/direct", nil, []string{userID, otherID})
}

// CreateGroupChannel gives the channel of three to eight accounts, made if need be; the caller counts whether named or not.
func (c *Client) CreateGroupChannel(ctx context.Context, userIDs ...string) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPost, "/channels/group", nil, userIDs)
}

// Channel gives a channel by its id.
func (c *Client) Channel(ctx context.Context, channelID string) (*muster.Channel, error) {
	return get[*muster.Channel](ctx, c, route("channels", channelID), nil)
}

// ChannelByName gives a team's channel by its name.
func (c *Client) ChannelByName(ctx context.Context, teamID, name string) (*muster.Channel, error) {
	return get[*muster.Channel](ctx, c, route("teams", teamID, "channels", "name", name), nil)
}

// TeamChannels gives a page of a team's public channels.
func (c *Client) TeamChannels(ctx context.Context, teamID string, page, perPage int) ([]*muster.Channel, error) {
	return get[[]*muster.Channel](ctx, c, route("teams", teamID, "channels"), pageQuery(page, perPage))
}

// AllTeamChannels walks all pages of TeamChannels.
func (c *Client) AllTeamChannels(ctx context.Context, teamID string) iter.Seq2[*muster.Channel, error] {
	return pages(func(page, perPage int) ([]*muster.Channel, error) { return c.TeamChannels(ctx, teamID, page, perPage) })
}

// ChannelsOfUser gives an account's channels in a team, with its direct and group channels.
func (c *Client) ChannelsOfUser(ctx context.Context, userID, teamID string) ([]*muster.Channel, error) {
	return get[[]*muster.Channel](ctx, c, route("users", userID, "teams", teamID, "channels"), nil)
}

// ChannelStats is how many members a channel has.
type ChannelStats struct {
	ChannelID string `json:"channel_id"`
	Members   int64  `json:"member_count"`
	Guests    int64  `json:"guest_count"`
}

// ChannelStats counts a channel's members.
func (c *Client) ChannelStats(ctx context.Context, channelID string) (*ChannelStats, error) {
	return get[*ChannelStats](ctx, c, route("channels", channelID, "stats"), nil)
}

// PatchChannel changes the fields that p names.
func (c *Client) PatchChannel(ctx context.Context, channelID string, p *muster.ChannelPatch) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPut, route("channels", channelID, "patch"), nil, p)
}

// DeleteChannel archives a channel.
func (c *Client) DeleteChannel(ctx context.Context, channelID string) error {
	return act(ctx, c, http.MethodDelete, route("channels", channelID), nil)
}

// RestoreChannel brings an archived channel back.
func (c *Client) RestoreChannel(ctx context.Context, channelID string) (*muster.Channel, error) {
	return send[*muster.Channel](ctx, c, http.MethodPost, route("channels", channelID, "restore"), nil, nil)
}

// ChannelMembers gives a page of a channel's members.
func (c *Client) ChannelMembers(ctx context.Context, channelID string, page, perPage int) ([]*muster.ChannelMember, error) {
	return get[[]*muster.ChannelMember](ctx, c, route("channels", channelID, "members"), pageQuery(page, perPage))
}

// AllChannelMembers walks all pages of ChannelMembers.
func (c *Client) AllChannelMembers(ctx context.Context, channelID string) iter.Seq2[*muster.ChannelMember, error] {
	return pages(func(page, perPage int) ([]*muster.ChannelMember, error) {
		return c.ChannelMembers(ctx, channelID, page, perPage)
	})
}

// ChannelMembersByIDs gives the memberships of these accounts in a channel; who is no member is left out.
func (c *Client) ChannelMembersByIDs(ctx context.Context, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	return send[[]*muster.ChannelMember](ctx, c, http.MethodPost, route("channels", channelID, "members", "ids"), nil, userIDs)
}

// ChannelMembersOfUser gives an account's channel memberships in a team, with those of its direct and group channels.
func (c *Client) ChannelMembersOfUser(ctx context.Context, userID, teamID string) ([]*muster.ChannelMember, error) {
	return get[[]*muster.ChannelMember](ctx, c, route("users", userID, "teams", teamID, "channels", "members"), nil)
}

// ChannelMember gives one membership of a channel.
func (c *Client) ChannelMember(ctx context.Context, channelID, userID string) (*muster.ChannelMember, error) {
	return get[*muster.ChannelMember](ctx, c, route("channels", channelID, "members", userID), nil)
}

// AddChannelMember makes an account a member of a channel.
func (c *Client) AddChannelMember(ctx context.Context, channelID, userID string) (*muster.ChannelMember, error) {
	body := map[string]string{"user_id": userID}
	return send[*muster.ChannelMember](ctx, c, http.MethodPost, route("channels", channelID, "members"), nil, body)
}

// RemoveChannelMember ends a membership of a channel.
func (c *Client) RemoveChannelMember(ctx context.Context, channelID, userID string) error {
	return act(ctx, c, http.MethodDelete, route("channels", channelID, "members", userID), nil)
}

// UpdateChannelMemberRoles sets the names of a member's roles, separated by spaces.
func (c *Client) UpdateChannelMemberRoles(ctx context.Context, channelID, userID, roles string) error {
	return act(ctx, c, http.MethodPut, route("channels", channelID, "members", userID, "roles"), map[string]string{"roles": roles})
}

// UpdateChannelMemberSchemeRoles sets which of the built-in roles a member has.
func (c *Client) UpdateChannelMemberSchemeRoles(ctx context.Context, channelID, userID string, r SchemeRoles) error {
	return act(ctx, c, http.MethodPut, route("channels", channelID, "members", userID, "schemeRoles"), r)
}

// ChannelMembersWithTeamData gives a page of an account's channel memberships over all teams.
func (c *Client) ChannelMembersWithTeamData(ctx context.Context, userID string, page, perPage int) ([]*muster.ChannelMemberWithTeamData, error) {
	return get[[]*muster.ChannelMemberWithTeamData](ctx, c, route("users", userID, "channel_members"), pageQuery(page, perPage))
}

// AllChannelMembersWithTeamData walks all pages of ChannelMembersWithTeamData.
func (c *Client) AllChannelMembersWithTeamData(ctx context.Context, userID string) iter.Seq2[*muster.ChannelMemberWithTeamData, error] {
	return pages(func(page, perPage int) ([]*muster.ChannelMemberWithTeamData, error) {
		return c.ChannelMembersWithTeamData(ctx, userID, page, perPage)
	})
}
