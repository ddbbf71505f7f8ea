package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// How attempts to sign in are limited; docs/adr/0016-login-throttling.md says why so.
const (
	tooManyAttempts = "api.user.check_user_login_attempts.too_many.app_error"
	rateLimited     = "api.context.rate_limited.app_error"

	attemptMemory = 24 * time.Hour
	firstWait     = time.Minute
	longestWait   = time.Hour

	networkAttempts = 300 // in an hour: 500 people start their day, and some of them never get it right
	networkNames    = 200 // distinct ones among these attempts
	networkMore     = 10

	accountAttempts = 100 // NIST SP 800-63B-4, 3.2.2: no more in a row
	accountFactor   = 10  // and no more than this for each of MaximumLoginAttempts
	accountWait     = 15 * time.Minute

	historyLines = 60            // of failures in an account's history, in an hour
	noticePause  = 4 * time.Hour // between mails that tell an account's owner of an attack

	throttlesKept = 500_000 // rows
	throttleSweep = 1000    // rows that are removed in one transaction
	sweepsAtOnce  = 20

	settleTime = 30 * time.Second // for the database to count an attempt or take it back
)

// attempt is one try to prove an identity. It was counted before it was looked at.
type attempt struct {
	reserved []store.Reserved
	keys     []counterKey
	locked   bool // the account's lock is on: the right password is refused like a wrong one
	settled  bool // what came of it is written down
}

// reserve counts an attempt. The error is a *store.ExhaustedError where a limit is reached and no other attempt of this process that is under way could
// change that; only then does an attempt go on without a soft counter. Whoever reserves defers giveBack, which settles what else did not.
func (a *Auth) reserve(ctx context.Context, counters ...store.Counter) (*attempt, error) {
	keys := keysOf(counters)
	a.inFlight.try(keys)
	defer a.inFlight.done(keys)
	firm := slices.Clone(counters) // soft ones too, until waiting for others changes nothing
	for i := range firm {
		firm[i].Soft = false
	}
	var waited *counterKey
	for {
		decided := a.inFlight.decided(keys)
		at, err := a.count(ctx, firm)
		exhausted, refused := errors.AsType[*store.ExhaustedError](err)
		if waited != nil && (!refused || counterKey(exhausted.Counter.Key) != *waited) {
			a.inFlight.pass(*waited)
			waited = nil
		}
		if !refused {
			return at, err
		}
		key := counterKey(exhausted.Counter.Key)
		again, err := a.inFlight.await(ctx, key, decided[key])
		if err != nil {
			return nil, fmt.Errorf("wait for other attempts: %w", err)
		}
		if again {
			waited = &key
			continue
		}
		i := slices.Index(keys, key)
		if !counters[i].Soft {
			return nil, exhausted
		}
		firm[i].Soft = true
	}
}

// count has the store count an attempt. Once begun that does not stop with the request: whether an attempt was counted must be known, or nobody could give
// it back.
func (a *Auth) count(ctx context.Context, counters []store.Counter) (*attempt, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("count an attempt: %w", err)
	}
	at, counted := &attempt{}, false
	defer func() {
		if !counted {
			a.inFlight.leave(at.keys)
		}
	}()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := a.store.Write(bounded, func(tx *store.Tx) (err error) {
		if at.reserved, err = tx.ReserveAttempt(bounded, a.core.Now(), counters...); err != nil || at.keys != nil { // the transaction is repeated
			return err
		}
		for _, r := range at.reserved {
			if r.Taken {
				at.keys = append(at.keys, counterKey(r.Key))
			}
		}
		a.inFlight.enter(at.keys) // before the commit: nobody is refused because of it until then
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count an attempt: %w", err)
	}
	counted = true
	return at, nil
}

// counters returns what to release in the transaction of what attempts allow; nil is no attempt.
func counters(attempts ...*attempt) (reserved []store.Reserved) {
	for _, at := range attempts {
		if at != nil {
			reserved = append(reserved, at.reserved...)
		}
	}
	return reserved
}

// decided is to be called once it is written down what came of an attempt; nil is none.
func (a *Auth) decided(at *attempt) {
	if at != nil && !at.settled {
		at.settled = true
		a.inFlight.leave(at.keys)
	}
}

// giveBack takes an attempt out of the count that is not decided: it was not looked at, or was right where something else refuses the sign-in, or a panic
// came between. nil is none.
func (a *Auth) giveBack(ctx context.Context, at *attempt) {
	if at == nil || at.settled {
		return
	}
	defer a.decided(at)
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := a.store.Write(bounded, func(tx *store.Tx) error { return tx.CancelAttempts(bounded, at.reserved) })
	if err != nil {
		a.log.Error("take an attempt to sign in back", "error", err)
	}
}

// throttled is the answer to an attempt that reserve refused.
func (a *Auth) throttled(err error) error {
	exhausted, ok := errors.AsType[*store.ExhaustedError](err)
	if !ok {
		return err
	}
	a.attacks.throttled.Add(1)
	if exhausted.Counter.Kind == store.CountNetwork {
		return muster.E(muster.RateLimited, rateLimited).After(exhausted.Wait)
	}
	return muster.E(muster.Unauthenticated, tooManyAttempts).After(exhausted.Wait)
}

// reserveLogin counts an attempt to sign in under a name; u is whose it is, nil for nobody's. A device that the account knows has a counter of its own;
// all others are counted by network, by name and network, and by account.
func (a *Auth) reserveLogin(ctx context.Context, who *core.Caller, name string, u *muster.User) (*attempt, error) {
	if u != nil {
		if id, known := a.knownDevice(who, u); known {
			at, err := a.reserve(ctx, a.deviceCounter(u, id))
			if _, exhausted := errors.AsType[*store.ExhaustedError](err); !exhausted {
				return at, err
			}
		}
	}
	counters := []store.Counter{a.pairCounter(name, who), a.accountCounter(name, u)}
	if a.core.Config().RateLimitSettings.Enable {
		counters = append([]store.Counter{a.networkCounter(who)}, counters...)
	}
	at, err := a.reserve(ctx, counters...)
	if err != nil {
		return nil, a.throttled(err)
	}
	for _, r := range at.reserved {
		at.locked = at.locked || !r.Taken
	}
	return at, nil
}

// reserveCode counts a one-time or recovery code; the password was right. A known device has a counter of its own.
func (a *Auth) reserveCode(ctx context.Context, who *core.Caller, u *muster.User) (*attempt, error) {
	if id, known := a.knownDevice(who, u); known {
		at, err := a.reserve(ctx, a.counter(store.CountCode, u.ID, a.retryLimit(), u.ID, id))
		if _, exhausted := errors.AsType[*store.ExhaustedError](err); !exhausted || who.Session != nil {
			return at, a.throttled(err)
		}
	}
	at, err := a.reserve(ctx, a.counter(store.CountCode, u.ID, a.retryLimit(), u.ID))
	return at, a.throttled(err)
}

// reserveProof counts a password that is asked for again in an open session: by that session alone, so that nobody else's attempts hold it up.
func (a *Auth) reserveProof(ctx context.Context, who *core.Caller, u *muster.User) (*attempt, error) {
	at, err := a.reserve(ctx, a.counter(store.CountSession, u.ID, a.retryLimit(), who.Session.ID))
	return at, a.throttled(err)
}

// counter is a row by what is counted; subject is the name, address or id by which an account's rows are found, "" for none.
func (a *Auth) counter(kind store.CounterKind, subject string, limit muster.AttemptLimit, of ...string) store.Counter {
	c := store.Counter{Kind: kind, Key: a.secrets.MAC(fmt.Sprintf("attempts %d", kind), of...), Limit: limit}
	if subject != "" {
		c.Subject = a.attemptSubject(subject)
	}
	return c
}

func (a *Auth) attemptSubject(name string) []byte { return a.secrets.MAC("attempts on", name) }

// attemptSubjects find all rows that hold up somebody who signs in to the account.
func (a *Auth) attemptSubjects(u *muster.User) [][]byte {
	return [][]byte{a.attemptSubject(u.ID), a.attemptSubject(u.Username), a.attemptSubject(u.Email)}
}

func (a *Auth) networkCounter(who *core.Caller) store.Counter {
	return a.counter(store.CountNetwork, "", muster.AttemptLimit{
		Free: networkAttempts, Names: networkNames, More: networkMore, Delay: firstWait, Longest: longestWait, Memory: time.Hour, Window: true,
	}, who.Network().String())
}

func (a *Auth) pairCounter(name string, who *core.Caller) store.Counter {
	return a.counter(store.CountPair, name, a.retryLimit(), name, who.Network().String())
}

func (a *Auth) accountCounter(name string, u *muster.User) store.Counter {
	if u != nil {
		name = u.ID
	}
	most := a.maxAttempts()
	c := a.counter(store.CountAccount, name, muster.AttemptLimit{
		Free: max(most, min(accountFactor*most, accountAttempts)), More: most, Delay: accountWait, Longest: longestWait, Memory: attemptMemory,
	}, name)
	c.Soft = true // an answer of its own would tell that there is such an account
	return c
}

func (a *Auth) deviceCounter(u *muster.User, id string) store.Counter {
	most := a.maxAttempts()
	return a.counter(store.CountDevice, u.ID, muster.AttemptLimit{
		Free: most, More: most, Delay: attemptMemory, Longest: attemptMemory, Memory: attemptMemory,
	}, u.ID, id)
}

// retryLimit allows MaximumLoginAttempts, and then one after each of ever longer delays.
func (a *Auth) retryLimit() muster.AttemptLimit {
	return muster.AttemptLimit{Free: a.maxAttempts(), More: 1, Delay: firstWait, Longest: longestWait, Memory: attemptMemory}
}

func (a *Auth) maxAttempts() int { return a.core.Config().ServiceSettings.MaximumLoginAttempts }

func idOf(u *muster.User) string {
	if u == nil {
		return ""
	}
	return u.ID
}

// SweepAttempts keeps the table of attempts small, whoever makes them: counters that count for nothing any more go and then, where too many are left, those
// that expire soonest.
func (a *Auth) SweepAttempts(ctx context.Context) error {
	for range sweepsAtOnce {
		n, err := a.sweepAttempts(ctx)
		if err != nil || n < throttleSweep {
			return err
		}
	}
	return nil
}

func (a *Auth) sweepAttempts(ctx context.Context) (deleted int64, err error) {
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		deleted, err = tx.DeleteExpiredCounters(ctx, a.core.Now(), throttleSweep)
		return err
	})
	if err != nil {
		return 0, err
	}
	left, err := a.store.CountCounters(ctx)
	if err != nil {
		return deleted, err
	}
	most := min(left-throttlesKept, throttleSweep-deleted)
	if most <= 0 {
		return deleted, nil
	}
	var more int64
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		more, err = tx.DeleteCounters(ctx, most)
		return err
	})
	return deleted + more, err
}
