package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"muster"
)

// CreateBot creates a bot owned by the caller; Username is required.
func (c *Client) CreateBot(ctx context.Context, b *muster.Bot) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, "/bots", nil, b)
}

// BotsQuery filters a list of bots; the zero value means all enabled bots.
type BotsQuery struct {
	IncludeDeleted bool // include disabled bots
	OnlyOrphaned   bool // only those whose owner is deactivated or gone
	Page, PerPage  int  // pages count from 0; 0 per page means 60, the most is MaxPerPage
}

// Bots returns one page of the bots that the caller may see.
func (c *Client) Bots(ctx context.Context, q BotsQuery) ([]*muster.Bot, error) {
	v := pageQuery(q.Page, q.PerPage)
	setFlag(v, "include_deleted", q.IncludeDeleted)
	setFlag(v, "only_orphaned", q.OnlyOrphaned)
	return get[[]*muster.Bot](ctx, c, "/bots", v)
}

// AllBots iterates over all pages of Bots; q.Page and q.PerPage are ignored.
func (c *Client) AllBots(ctx context.Context, q BotsQuery) iter.Seq2[*muster.Bot, error] {
	return pages(func(page, perPage int) ([]*muster.Bot, error) {
		q.Page, q.PerPage = page, perPage
		return c.Bots(ctx, q)
	})
}

// Bot returns a bot by its user id; a disabled one only with includeDeleted.
func (c *Client) Bot(ctx context.Context, botID string, includeDeleted bool) (*muster.Bot, error) {
	v := url.Values{}
	setFlag(v, "include_deleted", includeDeleted)
	return get[*muster.Bot](ctx, c, route("bots", botID), v)
}

// PatchBot changes the fields that p sets.
func (c *Client) PatchBot(ctx context.Context, botID string, p *muster.BotPatch) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPut, route("bots", botID), nil, p)
}

// DisableBot disables a bot. Its access tokens stop working at once, until EnableBot.
func (c *Client) DisableBot(ctx context.Context, botID string) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, route("bots", botID, "disable"), nil, nil)
}

// EnableBot enables a disabled bot.
func (c *Client) EnableBot(ctx context.Context, botID string) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, route("bots", botID, "enable"), nil, nil)
}

// AssignBot makes another user the owner of a bot.
func (c *Client) AssignBot(ctx context.Context, botID, ownerID string) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, route("bots", botID, "assign", ownerID), nil, nil)
}

// ConvertBotToUser turns a bot into a person's account with the fields that p sets; Password is required. With admin the account becomes
// a system administrator.
func (c *Client) ConvertBotToUser(ctx context.Context, botID string, p *muster.UserPatch, admin bool) (*muster.User, error) {
	v := url.Values{}
	setFlag(v, "set_system_admin", admin)
	return send[*muster.User](ctx, c, http.MethodPost, route("bots", botID, "convert_to_user"), v, p)
}

// ConvertUserToBot turns a person's account into a bot.
func (c *Client) ConvertUserToBot(ctx context.Context, userID string) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, route("users", userID, "convert_to_bot"), nil, nil)
}
