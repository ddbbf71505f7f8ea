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
	return s.write(ctx, func(t *tx) error {
		if err := t.guard(ctx, st.UserID, guard); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO statuses (user_id, status, manual, last_activity_at, dnd_end_time)
			SELECT ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT) WHERE EXISTS (SELECT 1 FROM users WHERE id = ?)
			ON CONFLICT (user_id) DO UPDATE SET status = excluded.status, manual = excluded.manual,
			last_activity_at = excluded.last_activity_at, dnd_end_time = excluded.dnd_end_time`,
			st.UserID, st.Status, st.Manual, st.LastActivityAt, st.DndEndTime, st.UserID)
		return err
	})
}

// Statuses gives what is kept about the users among ids.
func (s *Store) Statuses(ctx context.Context, ids []string) ([]*muster.Status, error) {
	list := []*muster.Status{}
	for chunk := range slices.Chunk(ids, idsPerQuery) {
		rows, err := s.query(ctx, "SELECT user_id, status, manual, last_activity_at, dnd_end_time FROM statuses WHERE user_id IN ("+marks(len(chunk))+")", anys(chunk)...)
		found, err := collect(rows, err, scanStatus)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}
