package auth

import (
	"context"
	"log/slog"

	"muster"
	"muster/internal/core"
)

// DeviceOf is deviceOf.
func (a *Auth) DeviceOf(who *core.Caller, u *muster.User) (string, bool) { return a.deviceOf(who, u) }

// DeviceToken is deviceToken.
func (a *Auth) DeviceToken(who *core.Caller, u *muster.User) string { return a.deviceToken(who, u) }

// WarnOfAttacks writes what n attacks at once leave in a log.
func WarnOfAttacks(ctx context.Context, log *slog.Logger, n int, who *core.Caller, u *muster.User) {
	a := &Auth{log: log, attacks: newAttacks()}
	for range n {
		a.warnOfAttack(ctx, "wrong codes", who, u)
	}
}

// AwaitUndecided waits for an attempt that is counted and never decided.
func AwaitUndecided(ctx context.Context) (again bool, err error) {
	f, keys := newInFlight(), make([]counterKey, 1)
	f.try(keys)
	f.enter(keys)
	return f.await(ctx, keys[0], 0)
}
