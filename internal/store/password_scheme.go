package store

import (
	"context"
	"fmt"
)

// PasswordScheme is what a hash from elsewhere, which an update stores, was made with.
type PasswordScheme struct {
	Example string                     // a made-up hash of the same scheme and cost
	Allow   func(inUse []string) error // whether it may come to the examples in use, which hold it already; an error undoes the update
}

// PasswordSchemes returns examples of the schemes in use besides that of new hashes.
func (s *Store) PasswordSchemes(ctx context.Context) ([]string, error) {
	rows, err := s.query(ctx, "SELECT example FROM password_schemes ORDER BY example")
	return collect(rows, err, scanString)
}

// SavePasswordScheme notes what a password that the transaction stores was hashed with elsewhere; nil for a hash of our own.
func (t *Tx) SavePasswordScheme(ctx context.Context, p *PasswordScheme) error {
	if p == nil {
		return nil
	}
	if err := t.notePasswordScheme(ctx, p.Example); err != nil {
		return err
	}
	rows, err := t.query(ctx, "SELECT example FROM password_schemes")
	inUse, err := collect(rows, err, scanString)
	if err != nil {
		return fmt.Errorf("read password schemes: %w", err)
	}
	return p.Allow(inUse)
}

func (t *Tx) notePasswordScheme(ctx context.Context, example string) error {
	_, err := t.exec(ctx, "INSERT INTO password_schemes (example, stored_at) VALUES (?, ?) ON CONFLICT (example) DO UPDATE SET stored_at = excluded.stored_at", example, t.now)
	if err != nil {
		return fmt.Errorf("keep password scheme: %w", err)
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

// SetPasswordSchemes makes the schemes that a look at all accounts found those in use. What was stored after the look began, at since in Unix ms,
// stays: the look may have missed it.
func (s *Store) SetPasswordSchemes(ctx context.Context, found []string, since int64) error {
	known, err := s.PasswordSchemes(ctx)
	if err != nil {
		return err
	}
	isFound := map[string]bool{}
	for _, example := range found {
		isFound[example] = true
	}
	return s.Write(ctx, func(t *Tx) error {
		for _, example := range known {
			if isFound[example] {
				delete(isFound, example)
				continue
			}
			if _, err := t.exec(ctx, "DELETE FROM password_schemes WHERE example = ? AND stored_at < ?", example, since); err != nil {
				return fmt.Errorf("drop password scheme: %w", err)
			}
		}
		for example := range isFound {
			if err := t.notePasswordScheme(ctx, example); err != nil {
				return err
			}
		}
		return nil
	})
}
