package httpx

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"muster"
	"muster/internal/app"
)

// Served is a request that was answered, for the log. Addresses are not in it: those of mailed links have tokens.
type Served struct {
	What   string // "request", "page"
	Who    *app.Caller
	Method string
	Route  string // pattern, not the address
	Status int
	Took   time.Duration
	Err    error // nil where it went well
}

// Log writes a request down: at DEBUG, or at ERROR where the fault was ours.
func (s Served) Log(ctx context.Context, log *slog.Logger) {
	level := slog.LevelDebug
	if s.Status >= http.StatusInternalServerError && s.Status != http.StatusNotImplemented && !s.turnedAway() {
		level = slog.LevelError
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", s.Who.RequestID), slog.String("method", s.Method), slog.String("route", s.Route),
		slog.Int("status", s.Status), slog.Duration("took", s.Took), slog.String("ip", s.Who.IP), slog.String("user_id", s.Who.ID()),
	}
	if s.Err != nil {
		attrs = append(attrs, slog.String("error", s.Err.Error()))
	}
	log.LogAttrs(ctx, level, s.What, attrs...)
}

// turnedAway reports whether the request was refused because too many like it came at once: that is as it should be, and a line for each would let whoever
// sends them fill the disk. A refusal for any other reason has a cause.
func (s Served) turnedAway() bool {
	e, ok := errors.AsType[*muster.Error](s.Err)
	return ok && e.Kind == muster.Unavailable && e.Cause == nil
}
