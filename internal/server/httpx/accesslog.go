package httpx

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"muster"
)

// logAccess writes the line of an answered request: at level ERROR if the server was at fault, at DEBUG otherwise. The URL is not in it, because links
// sent by mail carry tokens.
func (c *Chain) logAccess(x *Exchange, took time.Duration) {
	level := slog.LevelDebug
	if x.status >= http.StatusInternalServerError && x.status != http.StatusNotImplemented && !overloaded(x.Err) {
		level = slog.LevelError
	}
	ctx := x.Request.Context()
	if !c.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.Caller.RequestID), slog.String("method", x.Request.Method), slog.String("route", x.Route),
		slog.Int("status", x.status), slog.Duration("took", took), slog.String("ip", x.Caller.IP), slog.String("user_id", x.Caller.ID()),
	}
	if x.Err != nil {
		attrs = append(attrs, slog.String("error", x.Err.Error()))
	}
	c.log.LogAttrs(ctx, level, c.name, attrs...)
}

// overloaded reports whether a request was refused only because too many came at once. That is no fault, and whoever sends them must not be able to fill
// the disk with log lines. An Unavailable error of any other origin has a cause.
func overloaded(err error) bool {
	e, ok := errors.AsType[*muster.Error](err)
	return ok && e.Kind == muster.Unavailable && e.Cause == nil
}
