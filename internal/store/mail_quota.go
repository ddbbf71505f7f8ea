package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// MailQuota is how many mails may go in a period that begins with the first of them.
type MailQuota struct {
	Scope  string // what is counted: the mails to an address, of a sender, to a team
	Most   int
	Period time.Duration
}

// OverQuotaError says that a quota is used up.
type OverQuotaError struct{ Wait time.Duration } // until it is whole again

func (e *OverQuotaError) Error() string { return "enough mails were sent for now" }

// mailQuotaSweep is how many counts of past periods each new count clears away.
const mailQuotaSweep = 10

// TakeMailQuota counts mails against a quota. When they are too many for it, it counts none and returns *OverQuotaError.
func (t *Tx) TakeMailQuota(ctx context.Context, q MailQuota, mails int) error {
	scope := sha256.Sum256([]byte(q.Scope))
	_, err := t.exec(ctx, "DELETE FROM mail_quotas WHERE scope IN (SELECT scope FROM mail_quotas WHERE ends_at <= ? LIMIT ?"+t.s.dialect.forUpdateSkipLocked()+")", t.now, mailQuotaSweep)
	if err != nil {
		return fmt.Errorf("sweep mail quotas: %w", err)
	}
	if mails > q.Most {
		return &OverQuotaError{q.Period}
	}
	n, err := t.exec(ctx, `INSERT INTO mail_quotas (scope, used, ends_at) VALUES (?,?,?) ON CONFLICT (scope) DO UPDATE SET
			used = CASE WHEN mail_quotas.ends_at <= ? THEN excluded.used ELSE mail_quotas.used + excluded.used END,
			ends_at = CASE WHEN mail_quotas.ends_at <= ? THEN excluded.ends_at ELSE mail_quotas.ends_at END
		WHERE mail_quotas.ends_at <= ? OR mail_quotas.used + excluded.used <= ?`,
		scope[:], mails, t.now+q.Period.Milliseconds(), t.now, t.now, t.now, q.Most)
	if err != nil {
		return fmt.Errorf("count mails: %w", err)
	}
	if n > 0 {
		return nil
	}
	var end int64
	if err := t.queryRow(ctx, "SELECT ends_at FROM mail_quotas WHERE scope = ?", scope[:]).Scan(&end); err != nil {
		return fmt.Errorf("read mail quota: %w", err)
	}
	return &OverQuotaError{time.Duration(end-t.now) * time.Millisecond}
}
