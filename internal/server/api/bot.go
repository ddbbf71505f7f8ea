package api

import (
	"net/http"

	"muster"
	"muster/internal/accounts"
)

var botRoutes = []route{
	{method: "POST", path: "/bots", handle: createBot},
	{method: "GET", path: "/bots", handle: getBots},
	{method: "GET", path: "/bots/{bot_user_id}", handle: getBot},
	{method: "PUT", path: "/bots/{bot_user_id}", handle: patchBot},
	{method: "POST", path: "/bots/{bot_user_id}/disable", handle: disableBot},
	{method: "POST", path: "/bots/{bot_user_id}/enable", handle: enableBot},
	{method: "POST", path: "/bots/{bot_user_id}/assign/{user_id}", handle: assignBot},
	{method: "POST", path: "/bots/{bot_user_id}/convert_to_user", handle: convertBotToUser},
	{method: "POST", path: "/users/{user_id}/convert_to_bot", handle: convertUserToBot},
}

func createBot(c *call) (any, error) {
	var b muster.Bot
	if err := c.decode(&b, muster.InvalidParam("bot")); err != nil {
		return nil, err
	}
	bot, err := c.services.Accounts.CreateBot(c.ctx(), c.who, &b)
	return reply{status: http.StatusCreated, body: bot}, err
}

func getBots(c *call) (any, error) {
	return c.services.Accounts.Bots(c.ctx(), c.who, accounts.BotQuery{
		IncludeDeleted: c.flag("include_deleted"), OnlyOrphaned: c.flag("only_orphaned"), Page: c.page(),
	})
}

// withBot calls use with the bot id of the path.
func withBot[T any](c *call, use func(id string) (T, error)) (any, error) {
	id, err := c.idParam("bot_user_id")
	if err != nil {
		return nil, err
	}
	return use(id)
}

func getBot(c *call) (any, error) {
	return withBot(c, func(id string) (*muster.Bot, error) {
		return c.services.Accounts.Bot(c.ctx(), c.who, id, c.flag("include_deleted"))
	})
}

func patchBot(c *call) (any, error) {
	return withBot(c, func(id string) (*muster.Bot, error) {
		var p muster.BotPatch
		if err := c.decode(&p, muster.InvalidParam("bot")); err != nil {
			return nil, err
		}
		return c.services.Accounts.PatchBot(c.ctx(), c.who, id, &p)
	})
}

func disableBot(c *call) (any, error) {
	return withBot(c, func(id string) (*muster.Bot, error) {
		return c.services.Accounts.SetBotActive(c.ctx(), c.who, id, false)
	})
}

func enableBot(c *call) (any, error) {
	return withBot(c, func(id string) (*muster.Bot, error) {
		return c.services.Accounts.SetBotActive(c.ctx(), c.who, id, true)
	})
}

func assignBot(c *call) (any, error) {
	return withBot(c, func(id string) (any, error) {
		owner, err := c.userID()
		if err != nil {
			return nil, err
		}
		return c.services.Accounts.AssignBot(c.ctx(), c.who, id, owner)
	})
}

func convertBotToUser(c *call) (any, error) {
	return withBot(c, func(id string) (any, error) {
		var p muster.UserPatch
		if err := c.decode(&p, muster.InvalidParam("userPatch")); err != nil {
			return nil, err
		}
		u, err := c.services.Accounts.ConvertBotToUser(c.ctx(), c.who, id, &p, c.flag("set_system_admin"))
		return struct {
			*muster.User
			statusOK // the documentation says {"status": "OK"}, the reference server sends the account
		}{u, ok}, err
	})
}

func convertUserToBot(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	bot, err := c.services.Accounts.ConvertUserToBot(c.ctx(), c.who, id)
	return struct {
		*muster.Bot
		statusOK
	}{bot, ok}, err
}
