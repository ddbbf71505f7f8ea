package store

import (
	"context"
	"fmt"

	"muster/internal/config"
)

const selectSettings = "SELECT document, version FROM settings WHERE id = 1"

func scanSettings(row scanner) (config.Stored, error) {
	var stored config.Stored
	err := row.Scan(&stored.Document, &stored.Version)
	return stored, err
}

// LoadSettings returns what administrators changed of the settings.
func (s *Store) LoadSettings(ctx context.Context) (config.Stored, error) {
	return scanSettings(s.queryRow(ctx, selectSettings))
}

// SettingsForUpdate reads the settings and locks them until the transaction's end.
func (t *Tx) SettingsForUpdate(ctx context.Context) (config.Stored, error) {
	stored, err := scanSettings(t.queryRow(ctx, selectSettings+t.s.dialect.forUpdate()))
	if err != nil {
		return config.Stored{}, fmt.Errorf("lock settings: %w", err)
	}
	return stored, nil
}

// SaveSettings replaces the document of the settings, which get a new version.
func (t *Tx) SaveSettings(ctx context.Context, document []byte) error {
	stored := config.Stored{Document: document}
	err := t.queryRow(ctx, "UPDATE settings SET version = version + 1, document = ? WHERE id = 1 RETURNING version", string(document)).Scan(&stored.Version)
	if err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	t.changes.Settings = &stored
	return nil
}

// SystemValue returns a value that InitSystemValue stored, and reports whether there is one.
func (s *Store) SystemValue(ctx context.Context, name string) (value string, ok bool, err error) {
	value, err = scanString(s.queryRow(ctx, selectSystemValue, name))
	ok, err = found(err)
	return value, ok, err
}

const selectSystemValue = "SELECT value FROM system WHERE name = ?"

// InitSystemValue stores a value under a name unless there is one already, and returns the stored value.
func (t *Tx) InitSystemValue(ctx context.Context, name, value string) (stored string, err error) {
	if _, err := t.exec(ctx, "INSERT INTO system (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, value); err != nil {
		return "", fmt.Errorf("store system value: %w", err)
	}
	return scanString(t.queryRow(ctx, selectSystemValue, name))
}
