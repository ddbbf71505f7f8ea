package api

import "muster"

var statusRoutes = []route{
	{method: "GET", path: "/users/{user_id}/status", handle: getUserStatus},
	{method: "PUT", path: "/users/{user_id}/status", handle: updateUserStatus},
	{method: "POST", path: "/users/status/ids", handle: getUserStatusesByIDs},
	{method: "POST", path: "/users/{user_id}/typing", handle: publishUserTyping, ownAccount: true},
}

func getUserStatus(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Directory.Status(c.ctx(), c.who, id)
}

func updateUserStatus(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var s muster.Status
	if err := c.decode(&s, muster.InvalidParam("status")); err != nil {
		return nil, err
	}
	if s.UserID != id {
		return nil, muster.InvalidParam("user_id")
	}
	return c.services.Directory.UpdateStatus(c.ctx(), c.who, &s)
}

func getUserStatusesByIDs(c *call) (any, error) {
	ids, err := c.decodeStrings()
	if err != nil {
		return nil, err
	}
	return c.services.Directory.StatusesByIDs(c.ctx(), c.who, ids)
}

func publishUserTyping(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var body struct {
		ChannelID string `json:"channel_id"`
		ParentID  string `json:"parent_id"`
	}
	if err := c.decode(&body, muster.InvalidParam("typing_request")); err != nil {
		return nil, err
	}
	return ok, c.services.Directory.PublishTyping(c.ctx(), c.who, id, body.ChannelID, body.ParentID)
}
