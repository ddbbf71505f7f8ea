package store

import (
	"context"
	"fmt"
)

// PasswordSchemes returns examples of the schemes in use besides that of new hashes.
func (s *Store) PasswordSchemes(ctx context.Context) ([]string, error) {
	rows, err := s.query(ctx, "SELECT example FROM password_schemes ORDER BY example")
	return collect(rows, err, scanString)
}

// AddPasswordScheme notes that a scheme is in use, by a made-up hash of the same scheme and cost, and returns the examples of all that are.
func (t *Tx) AddPasswordScheme(ctx context.Context, example string) (inUse []string, err error) {
	_, err = t.exec(ctx, "INSERT INTO password_schemes (example, stored_at) VALUES (?, ?) ON CONFLICT (example) DO UPDATE SET stored_at = excluded.stored_at", example, t.now)
	if err != nil {
		return nil, fmt.Errorf("insert password scheme: %w", err)
	}
	rows, err := t.query(ctx, "SELECT example FROM password_schemes")
	if inUse, err = collect(rows, err, scanString); err != nil {
		return nil, fmt.Errorf("read password schemes: %w", err)
	}
	return inUse, nil
}

// DeletePasswordScheme deletes a scheme that nobody has any more, unless it was noted again at that time (Unix ms) or later.
func (t *Tx) DeletePasswordScheme(ctx context.Context, example string, since int64) error {
	if _, err := t.exec(ctx, "DELETE FROM password_schemes WHERE example = ? AND stored_at < ?", example, since); err != nil {
		return fmt.Errorf("delete password scheme: %w", err)
	}
	return nil
}

// ForeignPasswords calls visit with every stored hash that begins otherwise than new ones do.
func (s *Store) ForeignPasswords(ctx context.Context, ownPrefix string, visit func(encoded string)) error {
	rows, err := s.query(ctx, "SELECT password FROM users WHERE password <> '' AND substr(password, 1, ?) <> ?", len(ownPrefix), ownPrefix)
	if err != nil {
		return fmt.Errorf("read password hashes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells of what went wrong
	for rows.Next() {
		encoded, err := scanString(rows)
		if err != nil {
			return err
		}
		visit(encoded)
	}
	return rows.Err()
}
