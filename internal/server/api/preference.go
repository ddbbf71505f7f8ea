package api

import (
	"context"

	"muster"
	"muster/internal/core"
)

var preferenceRoutes = []route{
	{method: "GET", path: "/users/{user_id}/preferences", handle: getPreferences},
	{method: "PUT", path: "/users/{user_id}/preferences", handle: updatePreferences},
	{method: "POST", path: "/users/{user_id}/preferences/delete", handle: deletePreferences},
	{method: "GET", path: "/users/{user_id}/preferences/{category}", handle: getPreferences},
	{method: "GET", path: "/users/{user_id}/preferences/{category}/name/{preference_name}", handle: getPreference},
}

func getPreferences(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Accounts.Preferences(c.ctx(), c.who, id, c.param("category"))
}

func getPreference(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Accounts.Preference(c.ctx(), c.who, id, c.param("category"), c.param("preference_name"))
}

func updatePreferences(c *call) (any, error) {
	return c.changePreferences(c.services.Accounts.UpdatePreferences)
}

func deletePreferences(c *call) (any, error) {
	return c.changePreferences(c.services.Accounts.DeletePreferences)
}

func (c *call) changePreferences(change func(context.Context, *core.Caller, string, []*muster.Preference) error) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var list []*muster.Preference
	if err := c.decode(&list, muster.InvalidParam("preferences")); err != nil {
		return nil, err
	}
	return ok, change(c.ctx(), c.who, id, list)
}
