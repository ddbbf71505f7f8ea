package store

import (
	"context"
	"errors"

	"muster"
	"muster/internal/config"
)

const selectSettings = "SELECT document, version FROM settings WHERE id = 1"

func scanSettings(row scanner) (config.Stored, error) {
	var kept config.Stored
	err := row.Scan(&kept.Document, &kept.Version)
	return kept, err
}

// LoadSettings returns what administrators changed of the settings.
func (s *Store) LoadSettings(ctx context.Context) (config.Stored, error) {
	return scanSettings(s.queryRow(ctx, selectSettings))
}

// ChangeSettings locks the settings, keeps the document that change makes of them, unless that is nil, and the audits in one transaction, and
// returns the version afterwards. change runs again when the transaction lost a race.
func (s *Store) ChangeSettings(ctx context.Context, change func(config.Stored) ([]byte, []*muster.Audit, error)) (version int64, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		kept, err := scanSettings(t.queryRow(ctx, selectSettings+s.dialect.forUpdate()))
		if err != nil {
			return err
		}
		document, audits, err := change(kept)
		if err != nil {
			return err
		}
		version = kept.Version
		if document != nil {
			version++
			if _, err := t.exec(ctx, "UPDATE settings SET version = ?, document = ? WHERE id = 1", version, string(document)); err != nil {
				return err
			}
		}
		return t.saveAudits(ctx, audits)
	})
	return version, err
}

// SystemValue returns a value that InitSystemValue stored, and reports whether there is one.
func (s *Store) SystemValue(ctx context.Context, name string) (kept string, found bool, err error) {
	kept, err = scanString(s.queryRow(ctx, "SELECT value FROM system WHERE name = ?", name))
	if errors.Is(noRow(err), ErrNotFound) {
		return "", false, nil
	}
	return kept, err == nil, err
}

// InitSystemValue stores a value under a name, for good: if there is one already, it stays. It returns the stored value.
func (s *Store) InitSystemValue(ctx context.Context, name, value string) (kept string, err error) {
	kept, found, err := s.SystemValue(ctx, name)
	if found || err != nil {
		return kept, err
	}
	err = s.Write(ctx, func(t *Tx) error {
		if _, err := t.exec(ctx, "INSERT INTO system (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, value); err != nil {
			return err
		}
		kept, err = scanString(t.queryRow(ctx, "SELECT value FROM system WHERE name = ?", name))
		return err
	})
	return kept, err
}
