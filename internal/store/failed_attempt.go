package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// CountFailedAttempt adds one to the failed attempts that an account shows. An account that does not exist, "", costs the same statement: the time that
// a refused login takes must not tell.
func (t *Tx) CountFailedAttempt(ctx context.Context, userID string) error {
	if userID != "" {
		t.accountChanged(userID)
	}
	if _, err := t.exec(ctx, "UPDATE users SET failed_attempts = failed_attempts + 1 WHERE id = ?", userID); err != nil {
		return fmt.Errorf("count a failed attempt: %w", err)
	}
	return nil
}

// FailAttempt notes in the counter of the attempt's name and network which of its wide counters hold it, for a later success of the same client to take
// back.
func (t *Tx) FailAttempt(ctx context.Context, reserved []Reserved) error {
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
		return fmt.Errorf("note a failed attempt: %w", err)
	}
	return nil
}

// standInLife is how long a stand-in row is kept.
const standInLife = 24 * time.Hour

// SaveStandIn writes what stands in for an audit where no account has the name: one of 256 rows, chosen by the key of the history's counter. They are few
// enough to need no sweeping, and enough that such attempts wait for each other no more than those on accounts do. Their kind is the last, so they are
// locked in the order of all.
func (t *Tx) SaveStandIn(ctx context.Context, history Counter) error {
	row := Reserved{Counter: Counter{Kind: countStandIn, Key: make([]byte, len(history.Key))}}
	row.Key[0], row.Key[1] = byte(countStandIn), history.Key[0]
	row.Attempts, row.ExpiresAt = 1, t.now+standInLife.Milliseconds()
	return t.saveCounters(ctx, []Reserved{row})
}
