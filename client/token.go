package client

import (
	"context"
	"iter"
	"net/http"

	"muster"
)

// CreateAccessToken creates a token with which a program can act as an account until expiresAt, in Unix milliseconds; 0 means as long
// as the server allows. The result's Token is the token itself, which the server never shows again.
func (c *Client) CreateAccessToken(ctx context.Context, userID, description string, expiresAt int64) (*muster.AccessToken, error) {
	body := muster.AccessToken{Description: description, ExpiresAt: expiresAt}
	return send[*muster.AccessToken](ctx, c, http.MethodPost, route("users", userID, "tokens"), nil, body)
}

// AccessToken returns an access token by its id. Neither this nor the lists contain the token itself.
func (c *Client) AccessToken(ctx context.Context, tokenID string) (*muster.AccessToken, error) {
	return get[*muster.AccessToken](ctx, c, route("users", "tokens", tokenID), nil)
}

// AccessTokensOf returns a page of an account's access tokens.
func (c *Client) AccessTokensOf(ctx context.Context, userID string, page, perPage int) ([]*muster.AccessToken, error) {
	return get[[]*muster.AccessToken](ctx, c, route("users", userID, "tokens"), pageQuery(page, perPage))
}

// AllAccessTokensOf iterates over all pages of AccessTokensOf.
func (c *Client) AllAccessTokensOf(ctx context.Context, userID string) iter.Seq2[*muster.AccessToken, error] {
	return pages(func(page, perPage int) ([]*muster.AccessToken, error) {
		return c.AccessTokensOf(ctx, userID, page, perPage)
	})
}

// AccessTokens returns a page of all accounts' access tokens.
func (c *Client) AccessTokens(ctx context.Context, page, perPage int) ([]*muster.AccessToken, error) {
	return get[[]*muster.AccessToken](ctx, c, "/users/tokens", pageQuery(page, perPage))
}

// AllAccessTokens iterates over all pages of AccessTokens.
func (c *Client) AllAccessTokens(ctx context.Context) iter.Seq2[*muster.AccessToken, error] {
	return pages(func(page, perPage int) ([]*muster.AccessToken, error) { return c.AccessTokens(ctx, page, perPage) })
}

// SearchAccessTokens returns the access tokens whose id, or whose account's id or username, begins with term.
func (c *Client) SearchAccessTokens(ctx context.Context, term string) ([]*muster.AccessToken, error) {
	return send[[]*muster.AccessToken](ctx, c, http.MethodPost, "/users/tokens/search", nil, map[string]string{"term": term})
}

// DisableAccessToken disables an access token at once, until EnableAccessToken.
func (c *Client) DisableAccessToken(ctx context.Context, tokenID string) error {
	return c.changeAccessToken(ctx, "disable", tokenID)
}

// EnableAccessToken enables a disabled access token.
func (c *Client) EnableAccessToken(ctx context.Context, tokenID string) error {
	return c.changeAccessToken(ctx, "enable", tokenID)
}

// RevokeAccessToken deletes an access token.
func (c *Client) RevokeAccessToken(ctx context.Context, tokenID string) error {
	return c.changeAccessToken(ctx, "revoke", tokenID)
}

func (c *Client) changeAccessToken(ctx context.Context, change, tokenID string) error {
	return act(ctx, c, http.MethodPost, route("users", "tokens", change), map[string]string{"token_id": tokenID})
}
