package store

import (
	"context"
	"fmt"

	"muster"
)

func scanPreference(r scanner) (*muster.Preference, error) {
	p := &muster.Preference{}
	return p, r.Scan(&p.UserID, &p.Category, &p.Name, &p.Value)
}

// Preferences gives all that clients keep for a user.
func (s *Store) Preferences(ctx context.Context, userID string) ([]*muster.Preference, error) {
	rows, err := s.query(ctx, "SELECT user_id, category, name, value FROM preferences WHERE user_id = ? ORDER BY category, name", userID)
	return collect(rows, err, scanPreference)
}

// SavePreferences keeps all of them or none.
func (s *Store) SavePreferences(ctx context.Context, list []*muster.Preference) error {
	return s.write(ctx, func(t *tx) error {
		for _, p := range list {
			_, err := t.exec(ctx, `INSERT INTO preferences (user_id, category, name, value) VALUES (?,?,?,?)
				ON CONFLICT (user_id, category, name) DO UPDATE SET value = excluded.value`, p.UserID, p.Category, p.Name, p.Value)
			if err != nil {
				return fmt.Errorf("save preference: %w", err)
			}
		}
		return nil
	})
}

// DeletePreferences removes all of them or none; those that are not there are no error.
func (s *Store) DeletePreferences(ctx context.Context, list []*muster.Preference) error {
	return s.write(ctx, func(t *tx) error {
		for _, p := range list {
			if _, err := t.exec(ctx, "DELETE FROM preferences WHERE user_id = ? AND category = ? AND name = ?", p.UserID, p.Category, p.Name); err != nil {
				return fmt.Errorf("delete preference: %w", err)
			}
		}
		return nil
	})
}
