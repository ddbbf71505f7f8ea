package store

import (
	"context"
	"fmt"

	"muster"
)

// mailTokenSweep is how many tokens past their time each new one clears away.
const mailTokenSweep = 100

// SaveMailToken keeps what a mailed link is for under the SHA-256 of its text. An account has one token of a purpose: an older one is void.
// ErrNotFound when the account is gone.
func (s *Store) SaveMailToken(ctx context.Context, m *muster.MailToken, hash []byte, audits ...*muster.Audit) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.insertMailToken(ctx, m, hash); err != nil {
			return err
		}
		_, err := t.exec(ctx, "DELETE FROM mail_tokens WHERE token_hash IN (SELECT token_hash FROM mail_tokens WHERE expires_at < ? LIMIT ?)", t.now, mailTokenSweep)
		if err != nil {
			return fmt.Errorf("sweep mail tokens: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
}

func (t *tx) insertMailToken(ctx context.Context, m *muster.MailToken, hash []byte) error {
	var user any
	if m.UserID != "" {
		user = m.UserID
		if _, err := t.user(ctx, m.UserID); err != nil { // whose lock makes two new ones wait for each other
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM mail_tokens WHERE user_id = ? AND purpose = ?", m.UserID, m.Purpose); err != nil {
			return fmt.Errorf("void the older mail token: %w", err)
		}
	}
	_, err := t.exec(ctx, "INSERT INTO mail_tokens (token_hash, purpose, user_id, email, create_at, expires_at, extra) VALUES ("+marks(7)+")",
		hash, m.Purpose, user, m.Email, m.CreateAt, m.ExpiresAt, m.Extra)
	if err != nil {
		return fmt.Errorf("insert mail token: %w", err)
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

// useMailToken takes a token out of circulation in the transaction of what it allows; ErrNotFound when another one did.
func (t *tx) useMailToken(ctx context.Context, hash []byte) error {
	if hash == nil {
		return nil
	}
	return changed(t.exec(ctx, "DELETE FROM mail_tokens WHERE token_hash = ?", hash))
}

// UseOnce keeps the mark of a secret that is good once, under its SHA-256; it tells whether this was the first time.
func (s *Store) UseOnce(ctx context.Context, purpose string, hash []byte) (first bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO mail_tokens (token_hash, purpose, user_id, email, create_at, expires_at, extra) VALUES (?,?,NULL,'',?,?,'')
			ON CONFLICT DO NOTHING`, hash, purpose, t.now, int64(1)<<62)
		first = n == 1
		return err
	})
	return first, err
}
