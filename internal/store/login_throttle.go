package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"muster"
)

// CounterKind is what a row of login_throttles counts. Transactions lock rows in the order of the kinds, so that no two wait for each other.
type CounterKind int

// The kinds, widest first.
const (
	CountNetwork CounterKind = 1 + iota // all attempts from a network
	CountPair                           // those from a network under one name
	CountAccount                        // those against an account, from everywhere
	CountDevice                         // those of a device that its account knows
	CountCode                           // one-time codes
	CountSession                        // passwords asked for again in a session
	CountHistory                        // lines in an account's history
	CountNotice                         // mails to an account's owner
)

// wide reports whether other attempts than those of one client are counted too: then a success takes back only its client's own.
func (k CounterKind) wide() bool { return k == CountNetwork || k == CountAccount }

// Counter names a row of login_throttles and the limit that it is held to.
type Counter struct {
	Kind    CounterKind
	Key     []byte // 32 bytes
	Subject []byte // 32 bytes, or none: Unlock finds the row by it
	Limit   muster.AttemptLimit
	Soft    bool // where its limit is reached the attempt goes on without it
}

// Reserved is a Counter that an attempt was held to.
type Reserved struct {
	Counter
	muster.Throttle      // as it is now
	Taken           bool // false for a soft counter whose limit was reached
	Began           bool // a delay began with this attempt
}

// ExhaustedError is a refusal: a counter's limit is reached.
type ExhaustedError struct {
	Counter Counter
	Wait    time.Duration // for the next attempt
}

func (e *ExhaustedError) Error() string {
	return fmt.Sprintf("the limit of counter %d is reached for %s", e.Counter.Kind, e.Wait)
}

// ReserveAttempt takes an attempt from all counters, which are in the order of their kinds, or from none: *ExhaustedError. now is Unix ms.
func (s *Store) ReserveAttempt(ctx context.Context, now int64, counters ...Counter) (reserved []Reserved, err error) {
	err = s.write(ctx, func(t *tx) error {
		reserved, err = t.reserve(ctx, now, counters)
		return err
	})
	return reserved, err
}

func (t *tx) reserve(ctx context.Context, now int64, counters []Counter) ([]Reserved, error) {
	reserved, err := t.lockCounters(ctx, counters)
	if err != nil {
		return nil, err
	}
	newName := slices.ContainsFunc(reserved, func(r Reserved) bool { return r.Kind == CountPair && r.Fresh(now) })
	var taken []Reserved
	for i := range reserved {
		r := &reserved[i]
		r.Throttle, r.Began, r.Taken = r.Take(r.Limit, now, newName && r.Kind == CountNetwork)
		switch {
		case r.Taken:
			taken = append(taken, *r)
		case !r.Soft:
			return nil, &ExhaustedError{r.Counter, time.Duration(r.BlockedUntil-now) * time.Millisecond}
		}
	}
	return reserved, t.saveCounters(ctx, taken)
}

// lockCounters reads the rows and keeps them locked; those that are missing are made, so that they can be.
func (t *tx) lockCounters(ctx context.Context, counters []Counter) ([]Reserved, error) {
	reserved := make([]Reserved, len(counters))
	for i, c := range counters {
		reserved[i].Counter = c
	}
	query, args := upsertCounters(reserved, "kind = excluded.kind RETURNING "+counterColumns)
	rows, err := t.query(ctx, query, args...)
	return withStates(reserved, rows, err)
}

func (t *tx) saveCounters(ctx context.Context, rows []Reserved) error {
	if len(rows) == 0 {
		return nil
	}
	query, args := upsertCounters(rows, `attempts = excluded.attempts, names = excluded.names, delays = excluded.delays,
		blocked_until = excluded.blocked_until, expires_at = excluded.expires_at`)
	if _, err := t.exec(ctx, query, args...); err != nil {
		return fmt.Errorf("count an attempt: %w", err)
	}
	return nil
}

// release takes an attempt back out of its counters: all that its client ever took after a success, else this one alone. Rows that count nothing go.
func (t *tx) release(ctx context.Context, reserved []Reserved, succeeded bool) error {
	taken := slices.DeleteFunc(slices.Clone(reserved), func(r Reserved) bool { return !r.Taken })
	if len(taken) == 0 {
		return nil
	}
	rows, err := t.query(ctx, "SELECT "+counterColumns+" FROM login_throttles WHERE key IN ("+marks(len(taken))+") ORDER BY kind, key"+t.s.dialect.forUpdate(), keysOf(taken)...)
	for i := range taken {
		taken[i].Throttle = muster.Throttle{}
	}
	if taken, err = withStates(taken, rows, err); err != nil {
		return err
	}
	own, names := 0, 0 // of the client
	for _, r := range taken {
		if !r.Kind.wide() {
			own = r.Attempts
		}
	}
	if !succeeded {
		own = min(own, 1)
	}
	for _, r := range taken {
		if r.Kind == CountPair && r.Attempts == own {
			names = 1
		}
	}
	if own == 0 {
		return nil // another success, or an unlocking, took it back
	}
	var empty, left []Reserved
	for _, r := range taken {
		if r.Throttle = r.GiveBack(r.Limit, own, names); r.Attempts == 0 {
			empty = append(empty, r)
		} else {
			left = append(left, r)
		}
	}
	if len(empty) > 0 {
		if _, err := t.exec(ctx, "DELETE FROM login_throttles WHERE key IN ("+marks(len(empty))+")", keysOf(empty)...); err != nil {
			return fmt.Errorf("take an attempt back: %w", err)
		}
	}
	return t.saveCounters(ctx, left)
}

// ReleaseAttempt takes an attempt back that was never looked at: a fault of ours, or a client that left.
func (s *Store) ReleaseAttempt(ctx context.Context, reserved []Reserved) error {
	return s.write(ctx, func(t *tx) error { return t.release(ctx, reserved, false) })
}

// AttemptSucceeded takes an attempt back that nothing else goes with, and its client's earlier ones.
func (s *Store) AttemptSucceeded(ctx context.Context, reserved []Reserved) error {
	return s.write(ctx, func(t *tx) error { return t.release(ctx, reserved, true) })
}

// FailedAttempt is what a wrong password or code leaves besides its counters. As much is written where nobody has the name: the time that a refused
// sign-in takes must not tell.
type FailedAttempt struct {
	UserID  string        // "" where nobody has the name
	Audit   *muster.Audit // nil there
	Always  bool          // the audit is written however many there are
	History Counter       // bounds the audits
	Notice  *Counter      // bounds the mails, nil where there is no reason for one
	Post    Post
}

// fewerAudits ends the last audit that an account's history takes for a while.
const fewerAudits = " (more of these are left out for an hour)"

// RecordFailedAttempt counts it for the account to see and writes what is to be remembered of it, as far as the counters allow.
func (s *Store) RecordFailedAttempt(ctx context.Context, now int64, f FailedAttempt) (mailed bool, err error) {
	counters := []Counter{f.History}
	if f.Notice != nil {
		counters = append(counters, *f.Notice)
	}
	for i := range counters {
		counters[i].Soft = true
	}
	err = s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, "UPDATE users SET failed_attempts = failed_attempts + 1 WHERE id = ?", f.UserID); err != nil {
			return fmt.Errorf("count failed sign-in: %w", err)
		}
		reserved, err := t.reserve(ctx, now, counters)
		if err != nil {
			return err
		}
		if reserved[0].Taken || f.Always {
			if err := t.noteFailure(ctx, f.Audit, reserved[0].Began); err != nil {
				return err
			}
		}
		mailed = len(reserved) > 1 && reserved[1].Taken && len(f.Post.Mails) > 0
		if !mailed {
			return nil
		}
		return t.savePost(ctx, f.Post)
	})
	return mailed, err
}

func (t *tx) noteFailure(ctx context.Context, audit *muster.Audit, last bool) error {
	if audit == nil { // a row of nobody's, as large
		_, err := t.exec(ctx, "INSERT INTO system (name, value) VALUES ('last_stranger', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			strconv.FormatInt(t.now, 10))
		return err
	}
	if last {
		noted := *audit
		noted.ExtraInfo += fewerAudits
		audit = &noted
	}
	return t.saveAudits(ctx, []*muster.Audit{audit})
}

// Unlocking is how an account is unlocked.
type Unlocking struct {
	Guard    Guard         // whether the caller may
	Subjects [][]byte      // whose rows go
	UseLink  []byte        // SHA-256 of the mailed token that allows it, nil for none
	Network  *KnownNetwork // that the account knows from now on, nil for none
}

// Unlock forgets the attempts on an account. ErrNotFound when the link was used, or without the account.
func (s *Store) Unlock(ctx context.Context, userID string, un Unlocking, audits ...*muster.Audit) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.guard(ctx, userID, un.Guard); err != nil {
			return err
		}
		if err := changed(t.exec(ctx, "UPDATE users SET failed_attempts = 0 WHERE id = ?", userID)); err != nil {
			return err
		}
		if err := t.useMailToken(ctx, un.UseLink); err != nil {
			return err
		}
		if err := t.forgetAttempts(ctx, un.Subjects); err != nil {
			return err
		}
		if err := t.keepNetwork(ctx, userID, un.Network); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

func (t *tx) forgetAttempts(ctx context.Context, subjects [][]byte) error {
	if len(subjects) == 0 {
		return nil
	}
	args := make([]any, len(subjects))
	for i, s := range subjects {
		args[i] = s
	}
	of := " FROM login_throttles WHERE subject IN (" + marks(len(args)) + ")"
	if lock := t.s.dialect.forUpdate(); lock != "" { // in the order of all
		rows, err := t.query(ctx, "SELECT kind"+of+" ORDER BY kind, key"+lock, args...)
		if _, err = collect(rows, err, func(r scanner) (k int, err error) { return k, r.Scan(&k) }); err != nil {
			return fmt.Errorf("forget attempts: %w", err)
		}
	}
	if _, err := t.exec(ctx, "DELETE"+of, args...); err != nil {
		return fmt.Errorf("forget attempts: %w", err)
	}
	return nil
}

// SweepAttempts removes at most limit rows: those that count for nothing any more and then, where more than keep are left, those that end soonest.
// It returns how many.
func (s *Store) SweepAttempts(ctx context.Context, now int64, keep, limit int) (n int64, err error) {
	remove := func(limit int64, where string, args ...any) error {
		if limit <= 0 {
			return nil
		}
		return s.write(ctx, func(t *tx) error {
			removed, err := t.exec(ctx, "DELETE FROM login_throttles WHERE key IN (SELECT key FROM login_throttles "+where+" LIMIT ?"+s.dialect.forUpdateFree()+")", append(args, limit)...)
			n += removed
			return err
		})
	}
	if err := remove(int64(limit), "WHERE expires_at <= ?", now); err != nil {
		return n, err
	}
	var rows int64
	if err := s.queryRow(ctx, "SELECT count(*) FROM login_throttles").Scan(&rows); err != nil {
		return n, err
	}
	return n, remove(min(rows-int64(keep), int64(limit)-n), "ORDER BY expires_at")
}

const counterColumns = "key, attempts, names, delays, blocked_until, expires_at"

// upsertCounters inserts rows, or does what set says to those that are there.
func upsertCounters(rows []Reserved, set string) (query string, args []any) {
	values := ""
	for i, r := range rows {
		if i > 0 {
			values += ","
		}
		values += "(" + marks(8) + ")"
		args = append(args, r.Key, int(r.Kind), append([]byte{}, r.Subject...), r.Attempts, r.Names, r.Delays, r.BlockedUntil, r.ExpiresAt)
	}
	return "INSERT INTO login_throttles (key, kind, subject, attempts, names, delays, blocked_until, expires_at) VALUES " + values +
		" ON CONFLICT (key) DO UPDATE SET " + set, args
}

func keysOf(rows []Reserved) []any {
	keys := make([]any, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	return keys
}

// withStates fills in what was read of the rows.
func withStates(into []Reserved, stored *rows, err error) ([]Reserved, error) {
	read, err := collect(stored, err, func(r scanner) (row Reserved, err error) {
		return row, r.Scan(&row.Key, &row.Attempts, &row.Names, &row.Delays, &row.BlockedUntil, &row.ExpiresAt)
	})
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	for i := range into {
		for _, r := range read {
			if string(r.Key) == string(into[i].Key) {
				into[i].Throttle = r.Throttle
			}
		}
	}
	return into, nil
}
