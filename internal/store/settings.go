package store

import (
	"context"
	"errors"

	"muster"
)

const settingsName = "settings"

// LoadSettings gives what SaveSettings kept, nil before the first time.
func (s *Store) LoadSettings(ctx context.Context) ([]byte, error) {
	v, err := scanString(s.queryRow(ctx, "SELECT value FROM system WHERE name = ?", settingsName))
	if err = noRow(err); errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return []byte(v), err
}

// SaveSettings keeps the settings that administrators changed, as JSON.
func (s *Store) SaveSettings(ctx context.Context, settings []byte, audits ...*muster.Audit) error {
	return s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "INSERT INTO system (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", settingsName, string(settings))
		if err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// Mark reads a text that KeepMark kept.
func (s *Store) Mark(ctx context.Context, name string) (kept string, found bool, err error) {
	kept, err = scanString(s.queryRow(ctx, "SELECT value FROM system WHERE name = ?", name))
	if errors.Is(noRow(err), ErrNotFound) {
		return "", false, nil
	}
	return kept, err == nil, err
}

// KeepMark keeps a small text under a name for good, unless one is kept already; it gives the one that is kept.
func (s *Store) KeepMark(ctx context.Context, name, value string) (kept string, err error) {
	kept, found, err := s.Mark(ctx, name)
	if found || err != nil {
		return kept, err
	}
	err = s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, "INSERT INTO system (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, value); err != nil {
			return err
		}
		kept, err = scanString(t.queryRow(ctx, "SELECT value FROM system WHERE name = ?", name))
		return err
	})
	return kept, err
}
