package core

import (
	"cmp"
	"context"

	"muster"
)

const NoBot = "store.sql_bot.get.missing.app_error"

func (c *Core) CanReadBot(ctx context.Context, who *Caller, b *muster.Bot) (bool, error) {
	if b.OwnerID == who.ID() {
		if ok, err := c.CanSystem(ctx, who, muster.PermReadBots); ok || err != nil {
			return ok, err
		}
	}
	return c.CanSystem(ctx, who, muster.PermReadOthersBots)
}

// BotToManage reads a bot that the caller may change: its owner with manage_bots, others with manage_others_bots. Kind Forbidden for who
// may at least read it, else NotFound.
func (c *Core) BotToManage(ctx context.Context, who *Caller, id string) (*muster.Bot, error) {
	b, err := c.store.Bot(ctx, id)
	if err != nil {
		return nil, Missing(err, muster.NotFound, NoBot)
	}
	p := muster.PermManageOthersBots
	if b.OwnerID == who.ID() {
		p = muster.PermManageBots
	}
	manages, err := c.CanSystem(ctx, who, p)
	if err != nil {
		return nil, err
	}
	if !manages {
		reads, err := c.CanReadBot(ctx, who, b)
		if err == nil && !reads {
			err = muster.E(muster.NotFound, NoBot)
		}
		return nil, cmp.Or(err, Refusal(p))
	}
	u, err := c.User(ctx, id)
	if err != nil {
		return nil, err
	}
	return b, c.RequireActOn(ctx, who, u)
}
