package auth

import (
	"context"
	"log/slog"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// DeviceOf is deviceOf.
func (a *Auth) DeviceOf(who *core.Caller, u *muster.User) (string, bool) { return a.deviceOf(who, u) }

// DeviceToken is deviceToken.
func (a *Auth) DeviceToken(who *core.Caller, u *muster.User) string { return a.deviceToken(who, u) }

// StartSession is startSession, of an account as it was read when its password was checked.
func (a *Auth) StartSession(ctx context.Context, who *core.Caller, u *muster.User, withoutPassword bool) error {
	_, err := a.startSession(ctx, who, u, "", proof{withoutPassword: withoutPassword})
	return err
}

// HistoryLines is historyLines.
const HistoryLines = historyLines

// RecordFailures writes down n wrong passwords, with always as those that lock the account.
func (a *Auth) RecordFailures(ctx context.Context, u *muster.User, n int, always bool) error {
	history := a.counter(store.CountHistory, "", historyLimit, u.ID)
	for range n {
		f := failure{attempt: &attempt{}, userID: u.ID, audit: a.core.Audit(&core.Caller{}, u.ID, "wrong"), always: always, history: history}
		if err := a.store.Write(ctx, func(tx *store.Tx) error { return a.recordFailure(ctx, tx, f) }); err != nil {
			return err
		}
	}
	return nil
}

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
