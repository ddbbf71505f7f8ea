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

// SavePreferences keeps all of an account's or none. New ones that make it more than limit (0: none) are app.preference.save.quota, kind Forbidden.
func (s *Store) SavePreferences(ctx context.Context, userID string, guard Guard, limit int, list []*muster.Preference) error {
	return s.WriteGrowing(ctx, func(t *Tx) error {
		if _, err := t.lockUsers(ctx, userID); err != nil {
			return err
		}
		if err := t.guard(ctx, userID, guard); err != nil {
			return err
		}
		before, err := t.countOf(ctx, "preferences", userID)
		if err != nil {
			return err
		}
		for _, p := range list {
			_, err := t.exec(ctx, `INSERT INTO preferences (user_id, category, name, value) VALUES (?,?,?,?)
				ON CONFLICT (user_id, category, name) DO UPDATE SET value = excluded.value`, userID, p.Category, p.Name, p.Value)
			if err != nil {
				return fmt.Errorf("save preference: %w", err)
			}
		}
		after, err := t.countOf(ctx, "preferences", userID)
		if err == nil && limit > 0 && after > limit && after > before { // a change of what is there goes on where the limit was lowered
			err = muster.E(muster.Forbidden, "app.preference.save.quota.app_error")
		}
		return err
	})
}

// DeletePreferences removes all of an account's or none; those that are not there are no error.
func (s *Store) DeletePreferences(ctx context.Context, userID string, guard Guard, list []*muster.Preference) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.guard(ctx, userID, guard); err != nil {
			return err
		}
		for _, p := range list {
			if _, err := t.exec(ctx, "DELETE FROM preferences WHERE user_id = ? AND category = ? AND name = ?", userID, p.Category, p.Name); err != nil {
				return fmt.Errorf("delete preference: %w", err)
			}
		}
		return nil
	})
}
