package core

import (
	"cmp"
	"context"

	"muster"
)

// NoBot is the id of the error for a bot that does not exist, or that the caller may not know of.
const NoBot = "store.sql_bot.get.missing.app_error"

// CanReadBot reports whether the caller may read a bot: its owner with read_bots, others with read_others_bots.
func (c *Core) CanReadBot(ctx context.Context, who *Caller, b *muster.Bot) (bool, error) {
	if b.OwnerID == who.ID() {
		if ok, err := c.CanSystem(ctx, who, muster.PermReadBots); ok || err != nil {
			return ok, err
		}
	}
	return c.CanSystem(ctx, who, muster.PermReadOthersBots)
}

// RequireManageBot refuses a caller who may not change a bot: its owner may with manage_bots, others with manage_others_bots, unless the bot or its owner
// is above them. Kinds: Forbidden for a caller who may at least read it, else NotFound.
func (c *Core) RequireManageBot(ctx context.Context, who *Caller, id string) error {
	b, err := c.store.Bot(ctx, id)
	if err != nil {
		return Missing(err, muster.NotFound, NoBot)
	}
	p := muster.PermManageOthersBots
	if b.OwnerID == who.ID() {
		p = muster.PermManageBots
	}
	manages, err := c.CanSystem(ctx, who, p)
	if err != nil {
		return err
	}
	if !manages {
		reads, err := c.CanReadBot(ctx, who, b)
		if err == nil && !reads {
			err = muster.E(muster.NotFound, NoBot)
		}
		return cmp.Or(err, Refusal(p))
	}
	u, err := c.User(ctx, id)
	if err != nil {
		return err
	}
	return c.RequireActOn(ctx, who, u)
}
