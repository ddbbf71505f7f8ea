package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"muster"
)

// CreateBot makes a bot that the caller owns; Username is needed.
func (c *Client) CreateBot(ctx context.Context, b *muster.Bot) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, "/bots", nil, b)
}

// BotsQuery narrows a list of bots; the zero value is all that are enabled.
type BotsQuery struct {
	IncludeDeleted bool // disabled ones too
	OnlyOrphaned   bool // only those whose owner is deactivated or gone
	Page, PerPage  int  // counted from 0; the API's 60 for 0, MaxPerPage at the most
}

// Bots gives one page of the bots that the caller may see.
func (c *Client) Bots(ctx context.Context, q BotsQuery) ([]*muster.Bot, error) {
	v := pageQuery(q.Page, q.PerPage)
	setFlag(v, "include_deleted", q.IncludeDeleted)
	setFlag(v, "only_orphaned", q.OnlyOrphaned)
	return get[[]*muster.Bot](ctx, c, "/bots", v)
}

// AllBots walks all pages of Bots; q.Page and q.PerPage are not looked at.
func (c *Client) AllBots(ctx context.Context, q BotsQuery) iter.Seq2[*muster.Bot, error] {
	return pages(func(page, perPage int) ([]*muster.Bot, error) {
		q.Page, q.PerPage = page, perPage
		return c.Bots(ctx, q)
	})
}

// Bot gives a bot by its account's id; a disabled one only with includeDeleted.
func (c *Client) Bot(ctx context.Context, botID string, includeDeleted bool) (*muster.Bot, error) {
	v := url.Values{}
	setFlag(v, "include_deleted", includeDeleted)
	return get[*muster.Bot](ctx, c, route("bots", botID), v)
}

// PatchBot changes the fields that p names.
func (c *Client) PatchBot(ctx context.Context, botID string, p *muster.BotPatch) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPut, route("bots", botID), nil, p)
}

// DisableBot turns a bot off: its access tokens stop at once, until EnableBot.
func (c *Client) DisableBot(ctx context.Context, botID string) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, route("bots", botID, "disable"), nil, nil)
}

// EnableBot turns a bot on again.
func (c *Client) EnableBot(ctx context.Context, botID string) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, route("bots", botID, "enable"), nil, nil)
}

// AssignBot gives a bot to another owner.
func (c *Client) AssignBot(ctx context.Context, botID, ownerID string) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, route("bots", botID, "assign", ownerID), nil, nil)
}

// ConvertBotToUser turns a bot into a person's account, with the fields that p names; Password is needed. admin makes it a system
// administrator.
func (c *Client) ConvertBotToUser(ctx context.Context, botID string, p *muster.UserPatch, admin bool) (*muster.User, error) {
	v := url.Values{}
	setFlag(v, "set_system_admin", admin)
	return send[*muster.User](ctx, c, http.MethodPost, route("bots", botID, "convert_to_user"), v, p)
}

// ConvertUserToBot turns a person's account into a bot.
func (c *Client) ConvertUserToBot(ctx context.Context, userID string) (*muster.Bot, error) {
	return send[*muster.Bot](ctx, c, http.MethodPost, route("users", userID, "convert_to_bot"), nil, nil)
}
