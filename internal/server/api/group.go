package api

import (
	"context"
	"net/http"

	"muster"
	"muster/internal/core"
	"muster/internal/directory"
)

var groupRoutes = []route{
	{method: "POST", path: "/groups", handle: createGroup},
	{method: "GET", path: "/groups", handle: getGroups},
	{method: "GET", path: "/groups/{group_id}", handle: getGroup},
	{method: "PUT", path: "/groups/{group_id}/patch", handle: patchGroup},
	{method: "DELETE", path: "/groups/{group_id}", handle: deleteGroup},
	{method: "POST", path: "/groups/{group_id}/restore", handle: restoreGroup},
	{method: "GET", path: "/groups/{group_id}/stats", handle: getGroupStats},
	{method: "GET", path: "/groups/{group_id}/members", handle: getGroupMembers},
	{method: "POST", path: "/groups/{group_id}/members", handle: addGroupMembers},
	{method: "DELETE", path: "/groups/{group_id}/members", handle: removeGroupMembers},
	{method: "GET", path: "/groups/{group_id}/teams", handle: getGroupTeams},
	{method: "POST", path: "/groups/{group_id}/teams/{team_id}/link", handle: linkGroupToTeam},
	{method: "DELETE", path: "/groups/{group_id}/teams/{team_id}/link", handle: unlinkGroupFromTeam},
	{method: "GET", path: "/groups/{group_id}/channels", handle: getGroupChannels},
	{method: "POST", path: "/groups/{group_id}/channels/{channel_id}/link", handle: linkGroupToChannel},
	{method: "DELETE", path: "/groups/{group_id}/channels/{channel_id}/link", handle: unlinkGroupFromChannel},
	{method: "GET", path: "/users/{user_id}/groups", handle: getGroupsOfUser},
}

func createGroup(c *call) (any, error) {
	var body struct {
		muster.Group
		UserIDs []string `json:"user_ids"`
	}
	if err := c.decode(&body, muster.InvalidParam("group")); err != nil {
		return nil, err
	}
	g, err := c.services.Directory.CreateGroup(c.ctx(), c.who, &body.Group, body.UserIDs)
	return reply{status: http.StatusCreated, body: g}, err
}

func getGroups(c *call) (any, error) {
	return c.services.Directory.Groups(c.ctx(), c.who, directory.GroupQuery{
		Term: c.query("q"), Member: c.query("filter_has_member"), NotInTeam: c.query("not_associated_to_team"),
		NotInChannel: c.query("not_associated_to_channel"), Source: c.query("group_source"), AllowReference: c.flag("filter_allow_reference"),
		Archived: c.flag("include_archived"), OnlyArchived: c.flag("filter_archived"), Page: c.page(),
	})
}

// withGroup calls use with the group id of the path.
func withGroup[T any](c *call, use func(id string) (T, error)) (any, error) {
	id, err := c.idParam("group_id")
	if err != nil {
		return nil, err
	}
	return use(id)
}

func getGroup(c *call) (any, error) {
	return withGroup(c, func(id string) (*muster.Group, error) { return c.services.Directory.Group(c.ctx(), c.who, id) })
}

func patchGroup(c *call) (any, error) {
	return withGroup(c, func(id string) (*muster.Group, error) {
		var p muster.GroupPatch
		if err := c.decode(&p, muster.InvalidParam("group")); err != nil {
			return nil, err
		}
		return c.services.Directory.PatchGroup(c.ctx(), c.who, id, &p)
	})
}

func deleteGroup(c *call) (any, error) {
	return withGroup(c, func(id string) (statusOK, error) { return ok, c.services.Directory.DeleteGroup(c.ctx(), c.who, id) })
}

func restoreGroup(c *call) (any, error) {
	return withGroup(c, func(id string) (*muster.Group, error) { return c.services.Directory.RestoreGroup(c.ctx(), c.who, id) })
}

func getGroupStats(c *call) (any, error) {
	return withGroup(c, func(id string) (*directory.GroupStats, error) {
		return c.services.Directory.GroupStats(c.ctx(), c.who, id)
	})
}

func getGroupMembers(c *call) (any, error) {
	return withGroup(c, func(id string) (*directory.GroupMembers, error) {
		return c.services.Directory.GroupMembers(c.ctx(), c.who, id, c.page())
	})
}

func addGroupMembers(c *call) (any, error) {
	return c.changeGroupMembers(c.services.Directory.AddGroupMembers)
}

func removeGroupMembers(c *call) (any, error) {
	return c.changeGroupMembers(c.services.Directory.RemoveGroupMembers)
}

func (c *call) changeGroupMembers(change func(context.Context, *core.Caller, string, []string) ([]*muster.GroupMember, error)) (any, error) {
	return withGroup(c, func(id string) (any, error) {
		var body struct {
			UserIDs []string `json:"user_ids"`
		}
		if err := c.decode(&body, muster.InvalidParam("user_ids")); err != nil {
			return nil, err
		}
		return change(c.ctx(), c.who, id, body.UserIDs)
	})
}

func getGroupTeams(c *call) (any, error) { return c.groupLinks(muster.SyncableTeam) }

func getGroupChannels(c *call) (any, error) { return c.groupLinks(muster.SyncableChannel) }

func (c *call) groupLinks(kind string) (any, error) {
	return withGroup(c, func(id string) ([]*muster.GroupSyncable, error) {
		return c.services.Directory.GroupLinks(c.ctx(), c.who, kind, id)
	})
}

func linkGroupToTeam(c *call) (any, error) { return c.linkGroup(muster.SyncableTeam) }

func linkGroupToChannel(c *call) (any, error) { return c.linkGroup(muster.SyncableChannel) }

func (c *call) linkGroup(kind string) (any, error) {
	return withGroup(c, func(string) (any, error) {
		l, err := c.syncable(kind)
		if err != nil {
			return nil, err
		}
		var body struct {
			AutoAdd     bool `json:"auto_add"`
			SchemeAdmin bool `json:"scheme_admin"`
		}
		if err := c.decode(&body, muster.InvalidParam("group_syncable")); err != nil {
			return nil, err
		}
		l.AutoAdd, l.SchemeAdmin = body.AutoAdd, body.SchemeAdmin
		link, err := c.services.Directory.LinkGroup(c.ctx(), c.who, l)
		return reply{status: http.StatusCreated, body: link}, err
	})
}

func unlinkGroupFromTeam(c *call) (any, error) { return c.unlinkGroup(muster.SyncableTeam) }

func unlinkGroupFromChannel(c *call) (any, error) { return c.unlinkGroup(muster.SyncableChannel) }

func (c *call) unlinkGroup(kind string) (any, error) {
	return withGroup(c, func(string) (any, error) {
		l, err := c.syncable(kind)
		if err != nil {
			return nil, err
		}
		return ok, c.services.Directory.UnlinkGroup(c.ctx(), c.who, l)
	})
}

// syncable returns the link in the path, between a group and a team or channel.
func (c *call) syncable(kind string) (*muster.GroupSyncable, error) {
	l := &muster.GroupSyncable{GroupID: c.param("group_id"), Type: kind}
	var err error
	if kind == muster.SyncableTeam {
		l.TeamID, err = c.idParam("team_id")
	} else {
		l.ChannelID, err = c.idParam("channel_id")
	}
	return l, err
}

func getGroupsOfUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Directory.GroupsOfUser(c.ctx(), c.who, id)
}
