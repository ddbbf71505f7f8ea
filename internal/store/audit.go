package store

import (
	"context"

	"muster"
)

// SaveAudit writes history rows that tell of no change.
func (s *Store) SaveAudit(ctx context.Context, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error { return t.saveAudits(ctx, audits) })
}

// DeleteAudits removes at most limit history rows from before a time (Unix ms), the oldest first, and gives how many.
func (s *Store) DeleteAudits(ctx context.Context, before int64, limit int) (n int64, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		n, err = t.exec(ctx, "DELETE FROM audits WHERE id IN (SELECT id FROM audits WHERE create_at < ? ORDER BY create_at LIMIT ?)", before, limit)
		return err
	})
	return n, err
}

// Audits lists an account's history, everybody's for "", newest first.
func (s *Store) Audits(ctx context.Context, userID string, offset, limit int) ([]*muster.Audit, error) {
	c := &condition{}
	if userID != "" {
		c.add("user_id = ?", userID)
	}
	rows, err := s.query(ctx, "SELECT id, create_at, user_id, action, extra_info, ip_address, session_id FROM audits"+c.where()+" ORDER BY create_at DESC, id LIMIT ? OFFSET ?",
		append(c.args, limit, offset)...)
	return collect(rows, err, func(r scanner) (*muster.Audit, error) {
		a := &muster.Audit{}
		return a, r.Scan(&a.ID, &a.CreateAt, &a.UserID, &a.Action, &a.ExtraInfo, &a.IPAddress, &a.SessionID)
	})
}
