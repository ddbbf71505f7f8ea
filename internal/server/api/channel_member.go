package api

import (
	"net/http"
	"slices"

	"muster"
)

func getChannelMembers(c *call) (any, error) {
	return withChannel(c, func(id string) ([]*muster.ChannelMember, error) {
		return c.services.Teams.ChannelMembers(c.ctx(), c.who, id, c.page())
	})
}

// addChannelMember accepts one user_id and returns the membership, or a list of user_ids and returns all memberships.
func addChannelMember(c *call) (any, error) {
	return withChannel(c, func(id string) (reply, error) {
		var body struct {
			UserID  string   `json:"user_id"`
			UserIDs []string `json:"user_ids"`
		}
		if err := c.decode(&body, muster.InvalidParam("user_id")); err != nil {
			return reply{}, err
		}
		ids := body.UserIDs
		if len(ids) == 0 {
			ids = []string{body.UserID}
		}
		if len(ids) > muster.MaxUserList {
			return reply{}, muster.InvalidParam("user_ids")
		}
		if slices.ContainsFunc(ids, func(id string) bool { return !muster.ValidID(id) }) {
			return reply{}, muster.InvalidParam("user_id")
		}
		members, err := c.services.Teams.AddChannelMembers(c.ctx(), c.who, id, ids)
		if err != nil {
			return reply{}, err
		}
		if len(body.UserIDs) == 0 {
			return reply{status: http.StatusCreated, body: members[0]}, nil
		}
		return reply{status: http.StatusCreated, body: members}, nil
	})
}

func getChannelMembersByIDs(c *call) (any, error) {
	return withChannel(c, func(id string) ([]*muster.ChannelMember, error) {
		ids, err := c.decodeStrings()
		if err != nil {
			return nil, err
		}
		return c.services.Teams.ChannelMembersByIDs(c.ctx(), c.who, id, ids)
	})
}

// withChannelMember calls use with the channel and user ids of the path.
func withChannelMember[T any](c *call, use func(channelID, userID string) (T, error)) (any, error) {
	return withChannel(c, func(channelID string) (any, error) {
		userID, err := c.userID()
		if err != nil {
			return nil, err
		}
		return use(channelID, userID)
	})
}

func getChannelMember(c *call) (any, error) {
	return withChannelMember(c, func(channelID, userID string) (*muster.ChannelMember, error) {
		return c.services.Teams.ChannelMember(c.ctx(), c.who, channelID, userID)
	})
}

func removeChannelMember(c *call) (any, error) {
	return withChannelMember(c, func(channelID, userID string) (statusOK, error) {
		return ok, c.services.Teams.RemoveChannelMember(c.ctx(), c.who, channelID, userID)
	})
}

func updateChannelMemberRoles(c *call) (any, error) {
	return withChannelMember(c, func(channelID, userID string) (statusOK, error) {
		roles, err := c.roleNames()
		if err != nil {
			return ok, err
		}
		return ok, c.services.Teams.UpdateChannelMemberRoles(c.ctx(), c.who, channelID, userID, roles)
	})
}

func updateChannelMemberSchemeRoles(c *call) (any, error) {
	return withChannelMember(c, func(channelID, userID string) (statusOK, error) {
		r, err := c.schemeRoles()
		if err != nil {
			return ok, err
		}
		return ok, c.services.Teams.UpdateChannelMemberSchemeRoles(c.ctx(), c.who, channelID, userID, r)
	})
}

func getChannelMembersForUser(c *call) (any, error) {
	return withTeamMember(c, func(teamID, userID string) ([]*muster.ChannelMember, error) {
		return c.services.Teams.ChannelMembershipsOf(c.ctx(), c.who, userID, teamID)
	})
}

func getChannelMembersWithTeamDataForUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Teams.ChannelMembersWithTeamData(c.ctx(), c.who, id, c.page())
}
