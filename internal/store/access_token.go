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

// CreateAccessToken stores a token under the SHA-256 of its text, and mails what post makes of its account. ErrNotFound when that is gone. An account
// that has limit tokens (0: no limit) gets none: app.user_access_token.create.quota, kind Forbidden.
func (s *Store) CreateAccessToken(ctx context.Context, token *muster.AccessToken, hash []byte, guard Guard, limit int, post func(*muster.User) []*Mail, audits ...*muster.Audit) error {
	return s.WriteGrowing(ctx, func(t *Tx) error {
		u, err := t.user(ctx, token.UserID)
		if err != nil {
			return err
		}
		if err := t.guardLocked(ctx, u, guard); err != nil {
			return err
		}
		n, err := t.countOf(ctx, "access_tokens", token.UserID)
		if err != nil {
			return err
		}
		if limit > 0 && n >= limit {
			return muster.E(muster.Forbidden, "app.user_access_token.create.quota.app_error")
		}
		_, err = t.exec(ctx, "INSERT INTO access_tokens (id, token_hash, user_id, description, is_active, create_at, expires_at, last_used_at) VALUES ("+placeholders(8)+")",
			token.ID, hash, token.UserID, token.Description, token.IsActive, token.CreateAt, token.ExpiresAt, token.LastUsedAt)
		if err != nil {
			return fmt.Errorf("insert access token: %w", err)
		}
		if err := t.Enqueue(ctx, post(u)...); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// AccessToken reads a token by id.
func (s *Store) AccessToken(ctx context.Context, id string) (*muster.AccessToken, error) {
	return scanAccessToken(s.queryRow(ctx, "SELECT "+accessTokenColumns+" FROM access_tokens t WHERE t.id = ?", id))
}

// AccessTokens gives a page of an account's tokens, of everybody's for "", oldest first.
func (s *Store) AccessTokens(ctx context.Context, userID string, offset, limit int) ([]*muster.AccessToken, error) {
	c := &condition{}
	if userID != "" {
		c.add("t.user_id = ?", userID)
	}
	rows, err := s.query(ctx, "SELECT "+accessTokenColumns+" FROM access_tokens t"+c.where()+" ORDER BY t.create_at, t.id LIMIT ? OFFSET ?", append(c.args, limit, offset)...)
	return collect(rows, err, scanAccessToken)
}

// SearchAccessTokens gives the tokens whose id, account id or username begins with a term, at most limit.
func (s *Store) SearchAccessTokens(ctx context.Context, term string, limit int) ([]*muster.AccessToken, error) {
	like := escapeLike(term) + "%"
	rows, err := s.query(ctx, "SELECT "+accessTokenColumns+` FROM access_tokens t JOIN users u ON u.id = t.user_id
		WHERE t.id LIKE ? ESCAPE '!' OR t.user_id LIKE ? ESCAPE '!' OR u.username LIKE ? ESCAPE '!' ORDER BY t.create_at, t.id LIMIT ?`, like, like, strings.ToLower(like), limit)
	return collect(rows, err, scanAccessToken)
}

// SetAccessTokenActive turns a token on or off; off ends its session. ErrNotFound without the token.
func (s *Store) SetAccessTokenActive(ctx context.Context, id string, guard Guard, active bool, audits ...*muster.Audit) error {
	return s.changeAccessToken(ctx, id, guard, !active, audits, "UPDATE access_tokens SET is_active = ? WHERE id = ?", active, id)
}

// DeleteAccessToken revokes a token for good and ends its session. ErrNotFound without the token.
func (s *Store) DeleteAccessToken(ctx context.Context, id string, guard Guard, audits ...*muster.Audit) error {
	return s.changeAccessToken(ctx, id, guard, true, audits, "DELETE FROM access_tokens WHERE id = ?", id)
}

func (s *Store) changeAccessToken(ctx context.Context, id string, guard Guard, endSession bool, audits []*muster.Audit, change string, args ...any) error {
	return s.Write(ctx, func(t *Tx) error {
		userID, err := t.lockAccessToken(ctx, "id", id)
		if err != nil {
			return err
		}
		if err := t.guard(ctx, userID, guard); err != nil {
			return err
		}
		if endSession {
			if _, err := t.exec(ctx, "DELETE FROM sessions WHERE token_hash = (SELECT token_hash FROM access_tokens WHERE id = ?)", id); err != nil {
				return fmt.Errorf("end the token's session: %w", err)
			}
		}
		if err := changed(t.exec(ctx, change, args...)); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
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

// lockAccessToken makes what changes a token wait for what starts its session, so that no session outlives it. It returns whose token it is.
func (t *Tx) lockAccessToken(ctx context.Context, column string, value any) (userID string, err error) {
	userID, err = scanString(t.queryRow(ctx, "SELECT user_id FROM access_tokens WHERE "+column+" = ?"+t.s.dialect.forUpdate(), value))
	return userID, noRow(err)
}

// StartTokenSession gives the session of an access token by the SHA-256 of its text, making it at the token's first use.
// make builds the session; it may refuse. ErrNotFound unless the token is active, not expired, and of an active account.
func (s *Store) StartTokenSession(ctx context.Context, hash []byte, build func(*muster.AccessToken, *muster.User) (*muster.Session, error)) (session *muster.Session, err error) {
	token, err := s.usableToken(ctx, hash)
	if err != nil {
		return nil, err // strangers' tokens cost no write
	}
	err = s.Write(ctx, func(t *Tx) error {
		if _, err := t.lockAccessToken(ctx, "token_hash", hash); err != nil {
			return err
		}
		if token, err = s.usableTokenIn(ctx, t.queryRow, hash); err != nil {
			return err
		}
		u, err := t.user(ctx, token.UserID)
		if err != nil {
			return err
		}
		if u.DeleteAt != 0 { // deactivated while this waited for the row
			return ErrNotFound
		}
		if session, err = build(token, u); err != nil {
			return err
		}
		if err := t.insertSession(ctx, session, hash); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE access_tokens SET last_used_at = ? WHERE id = ?", t.now, token.ID); err != nil {
			return fmt.Errorf("note the token's use: %w", err)
		}
		if session, err = scanSession(t.queryRow(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE token_hash = ?", hash)); err != nil {
			return err
		}
		return t.pruneSessions(ctx, token.UserID)
	})
	return session, err
}

func (s *Store) usableToken(ctx context.Context, hash []byte) (*muster.AccessToken, error) {
	return s.usableTokenIn(ctx, s.queryRow, hash)
}

func (s *Store) usableTokenIn(ctx context.Context, row rowQuery, hash []byte) (*muster.AccessToken, error) {
	return scanAccessToken(row(ctx, "SELECT "+accessTokenColumns+` FROM access_tokens t JOIN users u ON u.id = t.user_id
		WHERE t.token_hash = ? AND t.is_active AND (t.expires_at = 0 OR t.expires_at > ?) AND u.delete_at = 0`, hash, s.now().UnixMilli()))
}
