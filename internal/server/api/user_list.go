package api

import (
	"strconv"

	"muster"
	"muster/internal/directory"
)

func getUsers(c *call) (any, error) {
	users, tagged, err := c.services.Directory.Users(c.ctx(), c.who, directory.UserQuery{
		InTeam:           c.query("in_team", "team_id"),
		NotInTeam:        c.query("not_in_team", "not_in_team_id"),
		InChannel:        c.query("in_channel", "channel_id", "in_channel_id"),
		NotInChannel:     c.query("not_in_channel", "not_in_channel_id"),
		InGroup:          c.query("in_group", "in_group_id"),
		NotInGroup:       c.query("not_in_group", "not_in_group_id"),
		GroupConstrained: c.flag("group_constrained"),
		WithoutTeam:      c.flag("without_team"),
		Active:           c.flag("active"),
		Inactive:         c.flag("inactive"),
		Role:             c.query("role"),
		Roles:            c.listParam("roles"),
		TeamRoles:        c.listParam("team_roles", "teamRoles"),
		ChannelRoles:     c.listParam("channel_roles", "channelRoles"),
		Sort:             c.query("sort"),
		Page:             c.page(),
	})
	return reply{body: users, tagged: tagged}, err
}

// decodeStrings decodes a body that is a list of strings.
func (c *call) decodeStrings() ([]string, error) {
	var list []string
	err := c.decode(&list, muster.E(muster.Invalid, "api.payload.parse.error"))
	return list, err
}

func getUsersByIDs(c *call) (any, error) {
	ids, err := c.decodeStrings()
	if err != nil {
		return nil, err
	}
	since := int64(0)
	if s := c.query("since"); s != "" {
		if since, err = strconv.ParseInt(s, 10, 64); err != nil {
			return nil, muster.InvalidParam("since", err)
		}
	}
	return c.services.Directory.UsersByIDs(c.ctx(), c.who, ids, since)
}

func getUsersByUsernames(c *call) (any, error) {
	names, err := c.decodeStrings()
	if err != nil {
		return nil, err
	}
	return c.services.Directory.UsersByUsernames(c.ctx(), c.who, names)
}

func getUsersByGroupChannelIDs(c *call) (any, error) {
	ids, err := c.decodeStrings()
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, muster.E(muster.Invalid, "api.payload.parse.error")
	}
	return c.services.Directory.UsersByGroupChannels(c.ctx(), c.who, ids)
}

func searchUsers(c *call) (any, error) {
	var s directory.UserSearch
	if err := c.decode(&s, muster.InvalidParam("props")); err != nil {
		return nil, err
	}
	return c.services.Directory.SearchUsers(c.ctx(), c.who, s)
}

func autocompleteUsers(c *call) (any, error) {
	limit := directory.SearchLimitDefault
	if c.query("limit") != "" {
		limit = c.number(0, "limit") // with anything but a number, the reference server finds nobody (recorded)
	}
	return c.services.Directory.AutocompleteUsers(c.ctx(), c.who, directory.Autocomplete{
		Name: c.query("name"), TeamID: c.query("in_team", "team_id"), ChannelID: c.query("in_channel", "channel_id"), Limit: limit,
	})
}

func getKnownUsers(c *call) (any, error) {
	return c.services.Directory.KnownUsers(c.ctx(), c.who)
}

func getTotalUsersStats(c *call) (any, error) {
	return c.services.Directory.UsersStats(c.ctx(), c.who)
}

func getTotalUsersStatsFiltered(c *call) (any, error) {
	return c.services.Directory.UsersStatsFiltered(c.ctx(), c.who, directory.StatsQuery{
		InTeam:         c.query("in_team", "team_id"),
		InChannel:      c.query("in_channel", "channel_id"),
		IncludeDeleted: c.flag("include_deleted"),
		IncludeBots:    c.flag("include_bots"),
		Roles:          c.listParam("roles"),
		TeamRoles:      c.listParam("team_roles", "teamRoles"),
		ChannelRoles:   c.listParam("channel_roles", "channelRoles"),
	})
}
