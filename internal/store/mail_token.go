package store

import (
	"context"
	"fmt"

	"muster"
)

// mailTokenSweep is how many tokens past their time each new one clears away.
const mailTokenSweep = 100

func (t *Tx) insertMailToken(ctx context.Context, m *muster.MailToken, hash []byte) error {
	var user any
	if m.UserID != "" {
		user = m.UserID
	}
	_, err := t.exec(ctx, "INSERT INTO mail_tokens (token_hash, purpose, user_id, email, create_at, expires_at, extra) VALUES ("+placeholders(7)+")",
		hash, m.Purpose, user, m.Email, m.CreateAt, m.ExpiresAt, m.Extra)
	if err != nil {
		return fmt.Errorf("insert mail token: %w", err)
	}
	_, err = t.exec(ctx, "DELETE FROM mail_tokens WHERE token_hash IN (SELECT token_hash FROM mail_tokens WHERE expires_at < ? LIMIT ?)", t.now, mailTokenSweep)
	if err != nil {
		return fmt.Errorf("sweep mail tokens: %w", err)
	}
	return nil
}

// MailToken reads what a link is for by the SHA-256 of its token, run out or not; ErrNotFound once it was used.
func (s *Store) MailToken(ctx context.Context, hash []byte) (*muster.MailToken, error) {
	m := &muster.MailToken{}
	err := s.queryRow(ctx, "SELECT purpose, COALESCE(user_id, ''), email, create_at, expires_at, extra FROM mail_tokens WHERE token_hash = ?", hash).
		Scan(&m.Purpose, &m.UserID, &m.Email, &m.CreateAt, &m.ExpiresAt, &m.Extra)
	return m, noRow(err)
}

// UseLink takes a token out of circulation in the transaction of what it allows, and the account's others for the same; ErrNotFound when
// another request did.
func (t *Tx) UseLink(ctx context.Context, hash []byte) error {
	if hash == nil {
		return nil
	}
	var purpose, user string
	err := t.queryRow(ctx, "SELECT purpose, COALESCE(user_id, '') FROM mail_tokens WHERE token_hash = ?", hash).Scan(&purpose, &user)
	if err != nil {
		return noRow(err)
	}
	if err := changed(t.exec(ctx, "DELETE FROM mail_tokens WHERE token_hash = ?", hash)); err != nil {
		return err
	}
	return t.VoidLinks(ctx, user, purpose)
}

// VoidAllLinks takes every link that was mailed for an account out of use.
func (t *Tx) VoidAllLinks(ctx context.Context, userID string) error {
	if _, err := t.exec(ctx, "DELETE FROM mail_tokens WHERE user_id = ?", userID); err != nil {
		return fmt.Errorf("void mailed links: %w", err)
	}
	return nil
}

// VoidLinks takes the links that were mailed for an account and a purpose out of use.
func (t *Tx) VoidLinks(ctx context.Context, userID, purpose string) error {
	if _, err := t.exec(ctx, "DELETE FROM mail_tokens WHERE user_id = ? AND purpose = ?", userID, purpose); err != nil {
		return fmt.Errorf("void mailed links: %w", err)
	}
	return nil
}

// UseOnce notes, by its SHA-256, that a secret which is good once was used, and reports whether this was the first time.
func (t *Tx) UseOnce(ctx context.Context, purpose string, hash []byte) (first bool, err error) {
	n, err := t.exec(ctx, `INSERT INTO mail_tokens (token_hash, purpose, user_id, email, create_at, expires_at, extra) VALUES (?,?,NULL,'',?,?,'')
		ON CONFLICT DO NOTHING`, hash, purpose, t.now, int64(1)<<62)
	if err != nil {
		return false, fmt.Errorf("use a secret: %w", err)
	}
	return n == 1, nil
}
