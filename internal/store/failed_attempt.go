package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"muster"
)

// FailedAttempt is what a wrong password or code leaves besides its counters. As much is written where nobody has the name: the time that a refused
// sign-in takes must not tell.
type FailedAttempt struct {
	Reserved []Reserved    // what it was counted in
	UserID   string        // "" where nobody has the name
	Audit    *muster.Audit // nil there
	Always   bool          // the audit is written however many there are
	History  Counter       // bounds the audits
	Notice   *Counter      // bounds the mails, nil where there is no reason for one
	Mail     *Mail         // that tells the owner, nil for none
}

// fewerAudits ends the last audit that an account's history takes for a while.
const fewerAudits = " (more of these are left out for an hour)"

// RecordFailedAttempt counts it for the account to see and writes what is to be remembered of it, as far as the counters allow.
func (s *Store) RecordFailedAttempt(ctx context.Context, now int64, f FailedAttempt) error {
	counters := []Counter{f.History}
	if f.Notice != nil {
		counters = append(counters, *f.Notice)
	}
	for i := range counters {
		counters[i].Soft = true
	}
	return s.Write(ctx, func(t *Tx) error {
		if _, err := t.exec(ctx, "UPDATE users SET failed_attempts = failed_attempts + 1 WHERE id = ?", f.UserID); err != nil {
			return fmt.Errorf("count failed sign-in: %w", err)
		}
		if err := t.keepFailure(ctx, f.Reserved); err != nil {
			return err
		}
		reserved, err := t.reserve(ctx, now, counters)
		if err != nil {
			return err
		}
		if reserved[0].Taken || f.Always {
			if err := t.noteFailure(ctx, f, reserved[0].Began); err != nil {
				return err
			}
		}
		if len(reserved) == 1 || !reserved[1].Taken || f.Mail == nil {
			return nil
		}
		return t.Enqueue(ctx, f.Mail)
	})
}

// keepFailure notes in the pair's row which wide counters hold an attempt that was wrong, for a later success to take back.
func (t *Tx) keepFailure(ctx context.Context, reserved []Reserved) error {
	i := slices.IndexFunc(reserved, func(r Reserved) bool { return r.Kind == CountPair })
	if i < 0 {
		return nil
	}
	network, account := int64(-1), int64(-1) // began at no time: not counted there
	for _, r := range reserved {
		switch {
		case r.Taken && r.Kind == CountNetwork:
			network = r.BeganAt
		case r.Taken && r.Kind == CountAccount:
			account = r.BeganAt
		}
	}
	_, err := t.exec(ctx, `UPDATE login_throttles SET
			network_failed = network_failed + CASE WHEN network_began_at = ? THEN 1 ELSE 0 END,
			account_failed = account_failed + CASE WHEN account_began_at = ? THEN 1 ELSE 0 END
		WHERE key = ? AND began_at = ?`, network, account, reserved[i].Key, reserved[i].BeganAt)
	if err != nil {
		return fmt.Errorf("keep a failed attempt: %w", err)
	}
	return nil
}

// standInLife is how long a row of nobody's is kept.
const standInLife = 24 * time.Hour

// noteFailure writes the audit. What stands in for one where nobody has the name is a write to one of 256 rows: few enough to need no sweeping, and enough
// that such attempts wait for each other no more than those on accounts do. Their kind is the last, so they are locked in the order of all.
func (t *Tx) noteFailure(ctx context.Context, f FailedAttempt, last bool) error {
	audit := f.Audit
	if audit == nil {
		row := Reserved{Counter: Counter{Kind: countStandIn, Key: make([]byte, len(f.History.Key))}}
		row.Key[0], row.Key[1] = byte(countStandIn), f.History.Key[0]
		row.Attempts, row.ExpiresAt = 1, t.now+standInLife.Milliseconds()
		return t.saveCounters(ctx, []Reserved{row})
	}
	if last {
		noted := *audit
		noted.ExtraInfo += fewerAudits
		audit = &noted
	}
	return t.saveAudits(ctx, []*muster.Audit{audit})
}
