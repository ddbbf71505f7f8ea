package store

import (
	"context"
	"fmt"

	"muster"
)

// Audit writes audits of what the transaction does.
func (t *Tx) Audit(ctx context.Context, audits ...*muster.Audit) error {
	for _, a := range audits {
		_, err := t.exec(ctx, `INSERT INTO audits (id, create_at, user_id, action, extra_info, ip_address, session_id) VALUES (?,?,?,?,?,?,?)`,
			a.ID, a.CreateAt, a.UserID, a.Action, a.ExtraInfo, a.IPAddress, a.SessionID)
		if err != nil {
			return fmt.Errorf("save audit: %w", err)
		}
	}
	return nil
}

// DeleteAudits removes at most limit audits from before a time (Unix ms), the oldest first, and returns how many.
func (t *Tx) DeleteAudits(ctx context.Context, before int64, limit int) (int64, error) {
	n, err := t.exec(ctx, "DELETE FROM audits WHERE id IN (SELECT id FROM audits WHERE create_at < ? ORDER BY create_at LIMIT ?)", before, limit)
	if err != nil {
		return 0, fmt.Errorf("delete audits: %w", err)
	}
	return n, nil
}

// Audits returns a page of an account's audits, of everybody's for "", newest first.
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
