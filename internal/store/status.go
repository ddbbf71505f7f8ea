package store

import (
	"context"
	"fmt"
	"slices"

	"muster"
)

func scanStatus(r scanner) (*muster.Status, error) {
	s := &muster.Status{}
	return s, noRow(r.Scan(&s.UserID, &s.Status, &s.Manual, &s.LastActivityAt, &s.DndEndTime))
}

// SaveStatus keeps whether a user is there; nothing for an account that is gone.
func (t *Tx) SaveStatus(ctx context.Context, st *muster.Status) error {
	_, err := t.saveStatus(ctx, st, "")
	return err
}

// SavePresence is SaveStatus for what a connection tells, and reports whether that changed anything: what somebody set by hand stays, until the end
// of their "do not disturb".
func (t *Tx) SavePresence(ctx context.Context, st *muster.Status) (changed bool, err error) {
	return t.saveStatus(ctx, st, ` WHERE statuses.status <> excluded.status AND NOT statuses.manual
		OR statuses.status = ? AND statuses.dnd_end_time > 0 AND statuses.dnd_end_time * 1000 <= ?`, muster.StatusDnd, t.now)
}

func (t *Tx) saveStatus(ctx context.Context, st *muster.Status, unless string, args ...any) (saved bool, err error) {
	n, err := t.exec(ctx, `INSERT INTO statuses (user_id, status, manual, last_activity_at, dnd_end_time)
		SELECT ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT) WHERE EXISTS (SELECT 1 FROM users WHERE id = ?)
		ON CONFLICT (user_id) DO UPDATE SET status = excluded.status, manual = excluded.manual,
		last_activity_at = excluded.last_activity_at, dnd_end_time = excluded.dnd_end_time`+unless,
		append([]any{st.UserID, st.Status, st.Manual, st.LastActivityAt, st.DndEndTime, st.UserID}, args...)...)
	if err != nil {
		return false, fmt.Errorf("save status: %w", err)
	}
	return n > 0, nil
}

// Statuses returns the stored statuses of the users among ids.
func (s *Store) Statuses(ctx context.Context, ids []string) ([]*muster.Status, error) {
	list := []*muster.Status{}
	for chunk := range slices.Chunk(ids, idsPerQuery) {
		rows, err := s.query(ctx, "SELECT user_id, status, manual, last_activity_at, dnd_end_time FROM statuses WHERE user_id IN ("+placeholders(len(chunk))+")", toArgs(chunk)...)
		found, err := collect(rows, err, scanStatus)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}
