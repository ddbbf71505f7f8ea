package core

import "context"

// LogError logs that something failed, unless err is nil or ctx has ended.
func (c *Core) LogError(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		c.log.Error(what, "error", err)
	}
}
