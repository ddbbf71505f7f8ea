package client

import (
	"context"
	"iter"
	"net/http"

	"muster"
)

// CreateAccessToken makes a token by which programs act as an account, until expiresAt (Unix ms; 0: as long as the server lets
// it). The answer's Token is the token itself, which the server never shows again.
func (c *Client) CreateAccessToken(ctx context.Context, userID, description string, expiresAt int64) (*muster.AccessToken, error) {
	body := muster.AccessToken{Description: description, ExpiresAt: expiresAt}
	return send[*muster.AccessToken](ctx, c, http.MethodPost, route("users", userID, "tokens"), nil, body)
}

// AccessToken gives an access token by its id, without the token itself; so do the lists.
func (c *Client) AccessToken(ctx context.Context, tokenID string) (*muster.AccessToken, error) {
	return get[*muster.AccessToken](ctx, c, route("users", "tokens", tokenID), nil)
}

// AccessTokensOf gives a page of an account's access tokens.
func (c *Client) AccessTokensOf(ctx context.Context, userID string, page, perPage int) ([]*muster.AccessToken, error) {
	return get[[]*muster.AccessToken](ctx, c, route("users", userID, "tokens"), pageQuery(page, perPage))
}

// AllAccessTokensOf walks all pages of AccessTokensOf.
func (c *Client) AllAccessTokensOf(ctx context.Context, userID string) iter.Seq2[*muster.AccessToken, error] {
	return pages(func(page, perPage int) ([]*muster.AccessToken, error) {
		return c.AccessTokensOf(ctx, userID, page, perPage)
	})
}

// AccessTokens gives a page of everybody's access tokens.
func (c *Client) AccessTokens(ctx context.Context, page, perPage int) ([]*muster.AccessToken, error) {
	return get[[]*muster.AccessToken](ctx, c, "/users/tokens", pageQuery(page, perPage))
}

// AllAccessTokens walks all pages of AccessTokens.
func (c *Client) AllAccessTokens(ctx context.Context) iter.Seq2[*muster.AccessToken, error] {
	return pages(func(page, perPage int) ([]*muster.AccessToken, error) { return c.AccessTokens(ctx, page, perPage) })
}

// SearchAccessTokens finds access tokens by the beginning of their id, or of their account's id or username.
func (c *Client) SearchAccessTokens(ctx context.Context, term string) ([]*muster.AccessToken, error) {
	return send[[]*muster.AccessToken](ctx, c, http.MethodPost, "/users/tokens/search", nil, map[string]string{"term": term})
}

// DisableAccessToken turns an access token off, at once, until EnableAccessToken.
func (c *Client) DisableAccessToken(ctx context.Context, tokenID string) error {
	return c.changeAccessToken(ctx, "disable", tokenID)
}

// EnableAccessToken turns an access token on again.
func (c *Client) EnableAccessToken(ctx context.Context, tokenID string) error {
	return c.changeAccessToken(ctx, "enable", tokenID)
}

// RevokeAccessToken ends an access token for good.
func (c *Client) RevokeAccessToken(ctx context.Context, tokenID string) error {
	return c.changeAccessToken(ctx, "revoke", tokenID)
}

func (c *Client) changeAccessToken(ctx context.Context, change, tokenID string) error {
	return act(ctx, c, http.MethodPost, route("users", "tokens", change), map[string]string{"token_id": tokenID})
}
