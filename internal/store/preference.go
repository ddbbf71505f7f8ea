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

// Preferences returns all preferences of a user, by category and name.
func (s *Store) Preferences(ctx context.Context, userID string) ([]*muster.Preference, error) {
	rows, err := s.query(ctx, "SELECT user_id, category, name, value FROM preferences WHERE user_id = ? ORDER BY category, name", userID)
	return collect(rows, err, scanPreference)
}

// SavePreferences inserts a user's preferences or replaces their values. New ones that make it more than limit (0: no limit) are refused:
// app.preference.save.quota.app_error, kind Forbidden. Kind NotFound without the account, which it locks.
func (t *Tx) SavePreferences(ctx context.Context, userID string, limit int, list []*muster.Preference) error {
	accounts, err := t.lockUsers(ctx, userID)
	if err != nil {
		return err
	}
	if len(accounts) == 0 {
		return errNoAccount
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
	if err == nil && limit > 0 && after > limit && after > before { // existing ones can still be changed where the limit was lowered
		err = muster.E(muster.Forbidden, "app.preference.save.quota.app_error")
	}
	return err
}

// DeletePreferences removes preferences of a user by category and name; it is no error when they don't exist.
func (t *Tx) DeletePreferences(ctx context.Context, userID string, list []*muster.Preference) error {
	for _, p := range list {
		if _, err := t.exec(ctx, "DELETE FROM preferences WHERE user_id = ? AND category = ? AND name = ?", userID, p.Category, p.Name); err != nil {
			return fmt.Errorf("delete preference: %w", err)
		}
	}
	return nil
}
