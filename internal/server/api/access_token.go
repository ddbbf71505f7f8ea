package api

import (
	"context"

	"muster"
	"muster/internal/core"
)

var accessTokenRoutes = []route{
	{method: "POST", path: "/users/{user_id}/tokens", handle: createUserAccessToken},
	{method: "GET", path: "/users/{user_id}/tokens", handle: getUserAccessTokensForUser},
	{method: "GET", path: "/users/tokens", handle: getUserAccessTokens},
	{method: "GET", path: "/users/tokens/{token_id}", handle: getUserAccessToken},
	{method: "POST", path: "/users/tokens/search", handle: searchUserAccessTokens},
	{method: "POST", path: "/users/tokens/disable", handle: disableUserAccessToken},
	{method: "POST", path: "/users/tokens/enable", handle: enableUserAccessToken},
	{method: "POST", path: "/users/tokens/revoke", handle: revokeUserAccessToken},
}

func createUserAccessToken(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var t muster.AccessToken
	if err := c.decode(&t, muster.InvalidParam("user_access_token")); err != nil {
		return nil, err
	}
	return c.services.Auth.CreateAccessToken(c.ctx(), c.who, id, &t)
}

func getUserAccessTokensForUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Auth.AccessTokensOf(c.ctx(), c.who, id, c.page())
}

func getUserAccessTokens(c *call) (any, error) {
	return c.services.Auth.AccessTokens(c.ctx(), c.who, c.page())
}

func getUserAccessToken(c *call) (any, error) {
	id, err := c.idParam("token_id")
	if err != nil {
		return nil, err
	}
	return c.services.Auth.AccessToken(c.ctx(), c.who, id)
}

func searchUserAccessTokens(c *call) (any, error) {
	var body struct {
		Term string `json:"term"`
	}
	if err := c.decode(&body, muster.InvalidParam("user_access_token_search")); err != nil {
		return nil, err
	}
	return c.services.Auth.SearchAccessTokens(c.ctx(), c.who, body.Term)
}

func disableUserAccessToken(c *call) (any, error) {
	return c.changeAccessToken(func(ctx context.Context, who *core.Caller, id string) error {
		return c.services.Auth.SetAccessTokenActive(ctx, who, id, false)
	})
}

func enableUserAccessToken(c *call) (any, error) {
	return c.changeAccessToken(func(ctx context.Context, who *core.Caller, id string) error {
		return c.services.Auth.SetAccessTokenActive(ctx, who, id, true)
	})
}

func revokeUserAccessToken(c *call) (any, error) {
	return c.changeAccessToken(c.services.Auth.RevokeAccessToken)
}

func (c *call) changeAccessToken(change func(context.Context, *core.Caller, string) error) (any, error) {
	var body struct {
		TokenID string `json:"token_id"`
	}
	if err := c.decode(&body, muster.InvalidParam("token_id")); err != nil {
		return nil, err
	}
	return ok, change(c.ctx(), c.who, body.TokenID)
}
