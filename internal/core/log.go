package core

import "context"

func (c *Core) Warn(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		c.log.Error(what, "error", err)
	}
}
