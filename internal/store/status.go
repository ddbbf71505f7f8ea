package store

import (
	"context"
	"slices"

	"muster"
)

func scanStatus(r scanner) (*muster.Status, error) {
	s := &muster.Status{}
	return s, noRow(r.Scan(&s.UserID, &s.Status, &s.Manual, &s.LastActivityAt, &s.DndEndTime))
}

// SaveStatus keeps whether a user is there.
func (s *Store) SaveStatus(ctx context.Context, st *muster.Status, guard Guard) error {
	_, err := s.saveStatus(ctx, st, guard, "")
	return err
}

// SavePresence is SaveStatus for what a connection tells, and reports whether that changed anything: what somebody set by hand stays, until the end
// of their "do not disturb".
func (s *Store) SavePresence(ctx context.Context, st *muster.Status) (changed bool, err error) {
	return s.saveStatus(ctx, st, nil, ` WHERE statuses.status <> excluded.status AND NOT statuses.manual
		OR statuses.status = ? AND statuses.dnd_end_time > 0 AND statuses.dnd_end_time * 1000 <= ?`, muster.StatusDnd, s.now().UnixMilli())
}

func (s *Store) saveStatus(ctx context.Context, st *muster.Status, guard Guard, unless string, args ...any) (saved bool, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		if err := t.guard(ctx, st.UserID, guard); err != nil {
			return err
		}
		n, err := t.exec(ctx, `INSERT INTO statuses (user_id, status, manual, last_activity_at, dnd_end_time)
			SELECT ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT) WHERE EXISTS (SELECT 1 FROM users WHERE id = ?)
			ON CONFLICT (user_id) DO UPDATE SET status = excluded.status, manual = excluded.manual,
			last_activity_at = excluded.last_activity_at, dnd_end_time = excluded.dnd_end_time`+unless,
			append([]any{st.UserID, st.Status, st.Manual, st.LastActivityAt, st.DndEndTime, st.UserID}, args...)...)
		saved = n > 0
		return err
	})
	return saved, err
}

// Statuses gives what is kept about the users among ids.
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
