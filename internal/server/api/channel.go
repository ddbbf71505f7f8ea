package api

import (
	"net/http"

	"muster"
	"muster/internal/teams"
)

var channelRoutes = []route{
	{method: "POST", path: "/channels", handle: createChannel},
	{method: "POST", path: "/channels/direct", handle: createDirectChannel},
	{method: "POST", path: "/channels/group", handle: createGroupChannel},
	{method: "GET", path: "/channels/{channel_id}", handle: getChannel},
	{method: "PUT", path: "/channels/{channel_id}/patch", handle: patchChannel},
	{method: "DELETE", path: "/channels/{channel_id}", handle: deleteChannel},
	{method: "POST", path: "/channels/{channel_id}/restore", handle: restoreChannel},
	{method: "GET", path: "/channels/{channel_id}/stats", handle: getChannelStats},
	{method: "GET", path: "/channels/{channel_id}/members", handle: getChannelMembers},
	{method: "POST", path: "/channels/{channel_id}/members", handle: addChannelMember},
	{method: "POST", path: "/channels/{channel_id}/members/ids", handle: getChannelMembersByIDs},
	{method: "GET", path: "/channels/{channel_id}/members/{user_id}", handle: getChannelMember},
	{method: "DELETE", path: "/channels/{channel_id}/members/{user_id}", handle: removeChannelMember},
	{method: "PUT", path: "/channels/{channel_id}/members/{user_id}/roles", handle: updateChannelMemberRoles},
	{method: "PUT", path: "/channels/{channel_id}/members/{user_id}/schemeRoles", handle: updateChannelMemberSchemeRoles},
	{method: "GET", path: "/teams/{team_id}/channels", handle: getPublicChannels},
	{method: "GET", path: "/teams/{team_id}/channels/name/{channel_name}", handle: getChannelByName},
	{method: "GET", path: "/users/{user_id}/teams/{team_id}/channels", handle: getChannelsForUser},
	{method: "GET", path: "/users/{user_id}/teams/{team_id}/channels/members", handle: getChannelMembersForUser},
	{method: "GET", path: "/users/{user_id}/channel_members", handle: getChannelMembersWithTeamDataForUser},
}

func createChannel(c *call) (any, error) {
	var in muster.Channel
	if err := c.decode(&in, muster.InvalidParam("channel")); err != nil {
		return nil, err
	}
	ch, err := c.services.Teams.CreateChannel(c.ctx(), c.who, &in)
	return reply{status: http.StatusCreated, body: ch}, err
}

func createDirectChannel(c *call) (any, error) {
	var ids []string
	if err := c.decode(&ids, muster.InvalidParam("user_ids")); err != nil {
		return nil, err
	}
	ch, err := c.services.Teams.CreateDirectChannel(c.ctx(), c.who, ids)
	return reply{status: http.StatusCreated, body: ch}, err
}

func createGroupChannel(c *call) (any, error) {
	var ids []string
	if err := c.decode(&ids, muster.InvalidParam("user_ids")); err != nil {
		return nil, err
	}
	ch, err := c.services.Teams.CreateGroupChannel(c.ctx(), c.who, ids)
	return reply{status: http.StatusCreated, body: ch}, err
}

// withChannel calls use with the channel id of the path.
func withChannel[T any](c *call, use func(id string) (T, error)) (any, error) {
	id, err := c.idParam("channel_id")
	if err != nil {
		return nil, err
	}
	return use(id)
}

func getChannel(c *call) (any, error) {
	return withChannel(c, func(id string) (*muster.Channel, error) { return c.services.Teams.Channel(c.ctx(), c.who, id) })
}

func patchChannel(c *call) (any, error) {
	return withChannel(c, func(id string) (*muster.Channel, error) {
		var p muster.ChannelPatch
		if err := c.decode(&p, muster.InvalidParam("channel")); err != nil {
			return nil, err
		}
		return c.services.Teams.PatchChannel(c.ctx(), c.who, id, &p)
	})
}

func deleteChannel(c *call) (any, error) {
	return withChannel(c, func(id string) (statusOK, error) { return ok, c.services.Teams.DeleteChannel(c.ctx(), c.who, id) })
}

func restoreChannel(c *call) (any, error) {
	return withChannel(c, func(id string) (*muster.Channel, error) {
		return c.services.Teams.RestoreChannel(c.ctx(), c.who, id)
	})
}

func getChannelStats(c *call) (any, error) {
	return withChannel(c, func(id string) (*teams.ChannelStats, error) {
		return c.services.Teams.ChannelStats(c.ctx(), c.who, id)
	})
}

func getPublicChannels(c *call) (any, error) {
	return withTeam(c, func(id string) ([]*muster.Channel, error) {
		return c.services.Teams.PublicChannels(c.ctx(), c.who, id, c.page())
	})
}

func getChannelByName(c *call) (any, error) {
	return withTeam(c, func(id string) (*muster.Channel, error) {
		return c.services.Teams.ChannelByName(c.ctx(), c.who, id, c.param("channel_name"))
	})
}

func getChannelsForUser(c *call) (any, error) {
	return withTeamMember(c, func(teamID, userID string) ([]*muster.Channel, error) {
		return c.services.Teams.ChannelsOfUser(c.ctx(), c.who, userID, teamID)
	})
}
