package app

import (
	"context"
	"log/slog"

	"muster"
)

// SweepUploads does now what the App does from time to time.
func (a *App) SweepUploads(ctx context.Context) error { return a.sweepUploads(ctx) }

// DeviceOf is deviceOf.
func (a *App) DeviceOf(who *Caller, u *muster.User) (string, bool) { return a.deviceOf(who, u) }

// DeviceToken is deviceToken.
func (a *App) DeviceToken(who *Caller, u *muster.User) string { return a.deviceToken(who, u) }

// WarnOfAttacks writes what n attacks at once leave in a log.
func WarnOfAttacks(ctx context.Context, log *slog.Logger, n int, who *Caller, u *muster.User) {
	a := &App{log: log, attacks: newAttacks()}
	for range n {
		a.warnOfAttack(ctx, "wrong codes", who, u)
	}
}

// SweepAudits likewise.
func (a *App) SweepAudits(ctx context.Context) error { return a.sweepAudits(ctx) }

// AwaitUndecided waits for an attempt that is counted and never decided.
func AwaitUndecided(ctx context.Context) (again bool, err error) {
	f, keys := newInFlight(), make([]counterKey, 1)
	f.try(keys)
	f.enter(keys)
	return f.await(ctx, keys[0], 0)
}
