package store

import (
	"context"
	"fmt"
	"slices"
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
	countStandIn                        // nothing: see SaveStandIn
)

// wide reports whether other attempts than those of one client are counted too: then a success takes back only its client's own.
func (k CounterKind) wide() bool { return k == CountNetwork || k == CountAccount }

// Counter names a row of login_throttles and the limit that it is held to.
type Counter struct {
	Kind    CounterKind
	Key     []byte // 32 bytes
	Subject []byte // 32 bytes, or none: ForgetAttempts finds the row by it
	Limit   muster.AttemptLimit
	Soft    bool // where its limit is reached the attempt goes on without it
}

// Reserved is a Counter that an attempt was held to.
type Reserved struct {
	Counter
	muster.Throttle      // as it is now
	Taken           bool // false for a soft counter whose limit was reached
	Began           bool // a delay began with this attempt

	network, account share // of a CountPair in the wide counters
}

// share is what the attempts of a pair come to in a wide counter, so that a success takes back no more than its client's own.
type share struct {
	beganAt int64 // Throttle.BeganAt of the wide counter that they are in
	failed  int   // those that were wrong
}

// shareIn returns the share in a wide counter of that kind; nil for other kinds.
func (r *Reserved) shareIn(kind CounterKind) *share {
	switch kind {
	case CountNetwork:
		return &r.network
	case CountAccount:
		return &r.account
	}
	return nil
}

// ExhaustedError is a refusal: a counter's limit is reached.
type ExhaustedError struct {
	Counter Counter
	Wait    time.Duration // for the next attempt
}

func (e *ExhaustedError) Error() string {
	return fmt.Sprintf("the limit of counter %d is reached for %s", e.Counter.Kind, e.Wait)
}

// ReserveAttempt counts an attempt in all counters, which are in the order of their kinds, or in none: *ExhaustedError. now is Unix ms.
func (t *Tx) ReserveAttempt(ctx context.Context, now int64, counters ...Counter) ([]Reserved, error) {
	reserved, err := t.lockCounters(ctx, counters)
	if err != nil {
		return nil, err
	}
	var pair *Reserved
	if i := slices.IndexFunc(reserved, func(r Reserved) bool { return r.Kind == CountPair }); i >= 0 {
		pair = &reserved[i]
		if pair.Fresh(now) {
			pair.network, pair.account = share{}, share{}
		}
	}
	var taken []Reserved
	for i := range reserved {
		r := &reserved[i]
		newName := r.Kind == CountNetwork && pair != nil && (r.Fresh(now) || pair.network.beganAt != r.BeganAt)
		r.Throttle, r.Began, r.Taken = r.Take(r.Limit, now, newName)
		if !r.Taken && !r.Soft {
			return nil, &ExhaustedError{r.Counter, time.Duration(r.BlockedUntil-now) * time.Millisecond}
		}
		if pair != nil && r.Taken && r.Kind.wide() {
			if in := pair.shareIn(r.Kind); in.beganAt != r.BeganAt {
				*in = share{beganAt: r.BeganAt}
			}
		}
	}
	for _, r := range reserved { // the pair's shares are settled only now
		if r.Taken {
			taken = append(taken, r)
		}
	}
	return reserved, t.saveCounters(ctx, taken)
}

// lockCounters reads the rows and keeps them locked; those that are missing are made, so that they can be.
func (t *Tx) lockCounters(ctx context.Context, counters []Counter) ([]Reserved, error) {
	reserved := make([]Reserved, len(counters))
	for i, c := range counters {
		reserved[i].Counter = c
	}
	query, args := upsertCounters(reserved, "kind = excluded.kind RETURNING "+counterColumns)
	rows, err := t.query(ctx, query, args...)
	return withStates(reserved, rows, err)
}

func (t *Tx) saveCounters(ctx context.Context, rows []Reserved) error {
	if len(rows) == 0 {
		return nil
	}
	query, args := upsertCounters(rows, `attempts = excluded.attempts, names = excluded.names, delays = excluded.delays,
		began_at = excluded.began_at, blocked_until = excluded.blocked_until, expires_at = excluded.expires_at,
		network_began_at = excluded.network_began_at, network_failed = excluded.network_failed,
		account_began_at = excluded.account_began_at, account_failed = excluded.account_failed`)
	if _, err := t.exec(ctx, query, args...); err != nil {
		return fmt.Errorf("count an attempt: %w", err)
	}
	return nil
}

// ReleaseAttempts takes attempts that succeeded out of their counters, and with them what their client failed before.
func (t *Tx) ReleaseAttempts(ctx context.Context, reserved []Reserved) error {
	return t.release(ctx, reserved, true)
}

// CancelAttempts takes attempts out of their counters that were never looked at: a fault of ours, or a client that left.
func (t *Tx) CancelAttempts(ctx context.Context, reserved []Reserved) error {
	return t.release(ctx, reserved, false)
}

// release takes attempts out of their counters and, after a success, what their client failed before. Attempts that are still undecided stay: each is
// settled by itself. A counter that was forgotten or began anew since holds nothing of an attempt. Rows that count nothing go.
func (t *Tx) release(ctx context.Context, reserved []Reserved, succeeded bool) error {
	taken := slices.DeleteFunc(slices.Clone(reserved), func(r Reserved) bool { return !r.Taken })
	if len(taken) == 0 {
		return nil
	}
	rows, err := t.query(ctx, "SELECT "+counterColumns+" FROM login_throttles WHERE key IN ("+placeholders(len(taken))+") ORDER BY kind, key"+t.s.dialect.forUpdate(), keysOf(taken)...)
	stored, err := withStates(blank(taken), rows, err)
	if err != nil {
		return err
	}
	var pair Reserved // as it is stored
	names := 0        // 1 where nothing is left of the pair
	for i, r := range stored {
		if r.Kind == CountPair {
			pair = r
			if attempts := ownAttempts(r, taken[i].BeganAt, pair, succeeded); attempts > 0 && attempts == r.Attempts {
				names = 1
			}
		}
	}
	var empty, left []Reserved
	for i, r := range stored {
		attempts := ownAttempts(r, taken[i].BeganAt, pair, succeeded)
		if attempts == 0 {
			continue
		}
		ownNames := 0
		if r.Kind == CountNetwork && pair.network.beganAt == r.BeganAt {
			ownNames = names
		}
		if r.Throttle = r.GiveBack(r.Limit, attempts, ownNames); r.Attempts == 0 {
			empty = append(empty, r)
		} else {
			left = append(left, r)
		}
	}
	if len(empty) > 0 {
		if _, err := t.exec(ctx, "DELETE FROM login_throttles WHERE key IN ("+placeholders(len(empty))+")", keysOf(empty)...); err != nil {
			return fmt.Errorf("take an attempt back: %w", err)
		}
	}
	return t.saveCounters(ctx, left)
}

// ownAttempts returns how many attempts one takes out of a row as it is stored. The row that it was counted in began at beganAt.
func ownAttempts(stored Reserved, beganAt int64, pair Reserved, succeeded bool) (n int) {
	if stored.Attempts > 0 && stored.BeganAt == beganAt {
		n = 1
	}
	switch {
	case !succeeded:
	case !stored.Kind.wide():
		n = stored.Attempts
	case pair.Attempts > 0:
		if own := pair.shareIn(stored.Kind); own.beganAt == stored.BeganAt {
			n += own.failed
		}
	}
	return n
}

// ClearFailedAttempts sets what an account shows of its failed attempts to none; ErrNotFound without the account.
func (t *Tx) ClearFailedAttempts(ctx context.Context, userID string) error {
	t.accountChanged(userID)
	return changed(t.exec(ctx, "UPDATE users SET failed_attempts = 0 WHERE id = ?", userID))
}

// ForgetAttempts deletes the counters of these subjects.
func (t *Tx) ForgetAttempts(ctx context.Context, subjects [][]byte) error {
	if len(subjects) == 0 {
		return nil
	}
	args := make([]any, len(subjects))
	for i, s := range subjects {
		args[i] = s
	}
	of := " FROM login_throttles WHERE subject IN (" + placeholders(len(args)) + ")"
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

// CountCounters returns how many counters are stored.
func (s *Store) CountCounters(ctx context.Context) (n int64, err error) {
	if err := s.queryRow(ctx, "SELECT count(*) FROM login_throttles").Scan(&n); err != nil {
		return 0, fmt.Errorf("count the counters of attempts: %w", err)
	}
	return n, nil
}

// DeleteExpiredCounters deletes at most limit counters that count for nothing since a time (Unix ms), and returns how many.
func (t *Tx) DeleteExpiredCounters(ctx context.Context, now, limit int64) (int64, error) {
	return t.deleteCounters(ctx, "WHERE expires_at <= ?", now, limit)
}

// DeleteCounters deletes at most limit counters, those that expire soonest, and returns how many.
func (t *Tx) DeleteCounters(ctx context.Context, limit int64) (int64, error) {
	return t.deleteCounters(ctx, "ORDER BY expires_at", limit)
}

func (t *Tx) deleteCounters(ctx context.Context, which string, args ...any) (int64, error) {
	n, err := t.exec(ctx, "DELETE FROM login_throttles WHERE key IN (SELECT key FROM login_throttles "+which+" LIMIT ?"+t.s.dialect.forUpdateSkipLocked()+")", args...)
	if err != nil {
		return 0, fmt.Errorf("delete counters of attempts: %w", err)
	}
	return n, nil
}

const counterColumns = "key, attempts, names, delays, began_at, blocked_until, expires_at, network_began_at, network_failed, account_began_at, account_failed"

// upsertCounters inserts rows, or does what set says to those that are there.
func upsertCounters(rows []Reserved, set string) (query string, args []any) {
	values := ""
	for i, r := range rows {
		if i > 0 {
			values += ","
		}
		values += "(" + placeholders(13) + ")"
		args = append(args, r.Key, int(r.Kind), append([]byte{}, r.Subject...), r.Attempts, r.Names, r.Delays, r.BeganAt, r.BlockedUntil, r.ExpiresAt,
			r.network.beganAt, r.network.failed, r.account.beganAt, r.account.failed)
	}
	return "INSERT INTO login_throttles (key, kind, subject, attempts, names, delays, began_at, blocked_until, expires_at," +
		" network_began_at, network_failed, account_began_at, account_failed) VALUES " + values +
		" ON CONFLICT (key) DO UPDATE SET " + set, args
}

// blank returns the counters of rows that are still to be read.
func blank(rows []Reserved) []Reserved {
	counters := make([]Reserved, len(rows))
	for i, r := range rows {
		counters[i].Counter = r.Counter
	}
	return counters
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
		return row, r.Scan(&row.Key, &row.Attempts, &row.Names, &row.Delays, &row.BeganAt, &row.BlockedUntil, &row.ExpiresAt,
			&row.network.beganAt, &row.network.failed, &row.account.beganAt, &row.account.failed)
	})
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	for i := range into {
		for _, r := range read {
			if string(r.Key) == string(into[i].Key) {
				into[i].Throttle, into[i].network, into[i].account = r.Throttle, r.network, r.account
			}
		}
	}
	return into, nil
}
