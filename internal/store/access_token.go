package store

import (
	"context"
	"fmt"
	"strings"

	"muster"
)

const accessTokenColumns = "t.id, t.user_id, t.description, t.is_active, t.create_at, t.expires_at, t.last_used_at"

func scanAccessToken(r scanner) (*muster.AccessToken, error) {
	t := &muster.AccessToken{}
	err := r.Scan(&t.ID, &t.UserID, &t.Description, &t.IsActive, &t.CreateAt, &t.ExpiresAt, &t.LastUsedAt)
	return t, noRow(err)
}

// AccessToken reads a token by id.
func (s *Store) AccessToken(ctx context.Context, id string) (*muster.AccessToken, error) {
	return scanAccessToken(s.queryRow(ctx, "SELECT "+accessTokenColumns+" FROM access_tokens t WHERE t.id = ?", id))
}

// AccessTokens returns a page of an account's tokens, of everybody's for "", oldest first.
func (s *Store) AccessTokens(ctx context.Context, userID string, offset, limit int) ([]*muster.AccessToken, error) {
	c := &condition{}
	if userID != "" {
		c.add("t.user_id = ?", userID)
	}
	rows, err := s.query(ctx, "SELECT "+accessTokenColumns+" FROM access_tokens t"+c.where()+" ORDER BY t.create_at, t.id LIMIT ? OFFSET ?", append(c.args, limit, offset)...)
	return collect(rows, err, scanAccessToken)
}

// SearchAccessTokens returns the tokens whose id, account id or username begins with a term, at most limit.
func (s *Store) SearchAccessTokens(ctx context.Context, term string, limit int) ([]*muster.AccessToken, error) {
	like := escapeLike(term) + "%"
	rows, err := s.query(ctx, "SELECT "+accessTokenColumns+` FROM access_tokens t JOIN users u ON u.id = t.user_id
		WHERE t.id LIKE ? ESCAPE '!' OR t.user_id LIKE ? ESCAPE '!' OR u.username LIKE ? ESCAPE '!' ORDER BY t.create_at, t.id LIMIT ?`, like, like, strings.ToLower(like), limit)
	return collect(rows, err, scanAccessToken)
}

// UsableAccessToken reads a token by the SHA-256 of its text. ErrNotFound unless it is active, not expired, and of an active account.
func (s *Store) UsableAccessToken(ctx context.Context, hash []byte) (*muster.AccessToken, error) {
	return scanAccessToken(s.queryRow(ctx, "SELECT "+accessTokenColumns+` FROM access_tokens t JOIN users u ON u.id = t.user_id
		WHERE t.token_hash = ? AND t.is_active AND (t.expires_at = 0 OR t.expires_at > ?) AND u.delete_at = 0`, hash, s.now().UnixMilli()))
}

// UsableAccessTokenForUpdate reads a token by the SHA-256 of its text and locks it, so that nobody ends it while its session begins: no session outlives
// its token. ErrNotFound unless it is active and not expired.
func (t *Tx) UsableAccessTokenForUpdate(ctx context.Context, hash []byte) (*muster.AccessToken, error) {
	return scanAccessToken(t.queryRow(ctx, "SELECT "+accessTokenColumns+` FROM access_tokens t
		WHERE t.token_hash = ? AND t.is_active AND (t.expires_at = 0 OR t.expires_at > ?)`+t.s.dialect.forUpdate(), hash, t.now))
}

// InsertAccessToken stores a token under the SHA-256 of its text.
func (t *Tx) InsertAccessToken(ctx context.Context, token *muster.AccessToken, hash []byte) error {
	_, err := t.exec(ctx, "INSERT INTO access_tokens (id, token_hash, user_id, description, is_active, create_at, expires_at, last_used_at) VALUES ("+placeholders(8)+")",
		token.ID, hash, token.UserID, token.Description, token.IsActive, token.CreateAt, token.ExpiresAt, token.LastUsedAt)
	if err != nil {
		return fmt.Errorf("insert access token: %w", err)
	}
	return nil
}

// CountAccessTokens returns how many tokens an account has; it is exact while the account is locked.
func (t *Tx) CountAccessTokens(ctx context.Context, userID string) (int, error) {
	return t.countOf(ctx, "access_tokens", userID)
}

// SetAccessTokenUsed sets when a token was last used to now.
func (t *Tx) SetAccessTokenUsed(ctx context.Context, id string) error {
	if _, err := t.exec(ctx, "UPDATE access_tokens SET last_used_at = ? WHERE id = ?", t.now, id); err != nil {
		return fmt.Errorf("note the token's use: %w", err)
	}
	return nil
}

// EnableAccessToken turns a token on. ErrNotFound without the token.
func (t *Tx) EnableAccessToken(ctx context.Context, id string) error {
	return changed(t.exec(ctx, "UPDATE access_tokens SET is_active = ? WHERE id = ?", true, id))
}

// DisableAccessToken turns a token off and ends its session. ErrNotFound without the token.
func (t *Tx) DisableAccessToken(ctx context.Context, id string) error {
	return t.endAccessToken(ctx, "UPDATE access_tokens SET is_active = ? WHERE id = ?", false, id)
}

// DeleteAccessToken revokes a token for good and ends its session. ErrNotFound without the token.
func (t *Tx) DeleteAccessToken(ctx context.Context, id string) error {
	return t.endAccessToken(ctx, "DELETE FROM access_tokens WHERE id = ?", id)
}

// endAccessToken runs a statement that makes a token useless, which waits for a session that is beginning, and ends its session.
func (t *Tx) endAccessToken(ctx context.Context, statement string, args ...any) error {
	var userID string
	var hash []byte
	if err := t.queryRow(ctx, statement+" RETURNING user_id, token_hash", args...).Scan(&userID, &hash); err != nil {
		return noRow(err)
	}
	t.accountChanged(userID)
	if _, err := t.exec(ctx, "DELETE FROM sessions WHERE token_hash = ?", hash); err != nil {
		return fmt.Errorf("end the token's session: %w", err)
	}
	return nil
}

// RevokeAccessTokens ends all tokens of an account with their sessions, and returns how many.
func (t *Tx) RevokeAccessTokens(ctx context.Context, userID string) (int64, error) {
	t.accountChanged(userID)
	if _, err := t.exec(ctx, "DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM access_tokens WHERE user_id = ?)", userID); err != nil {
		return 0, fmt.Errorf("end the tokens' sessions: %w", err)
	}
	n, err := t.exec(ctx, "DELETE FROM access_tokens WHERE user_id = ?", userID)
	if err != nil {
		return 0, fmt.Errorf("revoke access tokens: %w", err)
	}
	return n, nil
}
