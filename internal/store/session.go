package store

import (
	"context"
	"fmt"

	"muster"
)

const sessionColumns = `id, user_id, create_at, expires_at, last_activity_at, device_id, roles, is_oauth, expired_notify, props, ip_address, authenticated_at`

func scanSession(r scanner) (*muster.Session, error) {
	s := &muster.Session{}
	var props jsonMap
	err := r.Scan(&s.ID, &s.UserID, &s.CreateAt, &s.ExpiresAt, &s.LastActivityAt, &s.DeviceID, &s.Roles, &s.IsOAuth, &s.ExpiredNotify, &props, &s.IP, &s.AuthenticatedAt)
	s.Props = props
	return s, noRow(err)
}

// SessionByTokenHash reads a session by the SHA-256 of its token.
func (s *Store) SessionByTokenHash(ctx context.Context, hash []byte) (*muster.Session, error) {
	return sessionByTokenHash(ctx, s.queryRow, hash)
}

// SessionByTokenHash is Store.SessionByTokenHash within the transaction.
func (t *Tx) SessionByTokenHash(ctx context.Context, hash []byte) (*muster.Session, error) {
	return sessionByTokenHash(ctx, t.queryRow, hash)
}

func sessionByTokenHash(ctx context.Context, row rowQuery, hash []byte) (*muster.Session, error) {
	return scanSession(row(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE token_hash = ?", hash))
}

// Session reads a session by id.
func (s *Store) Session(ctx context.Context, id string) (*muster.Session, error) {
	return scanSession(s.queryRow(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE id = ?", id))
}

// Sessions lists an account's sessions that have not expired, most recently used first.
func (s *Store) Sessions(ctx context.Context, userID string) ([]*muster.Session, error) {
	rows, err := s.query(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE user_id = ? AND (expires_at = 0 OR expires_at > ?) ORDER BY last_activity_at DESC, id",
		userID, s.now().UnixMilli())
	return collect(rows, err, scanSession)
}

// SaveLogin writes what a login changes of an account that LockUser returned: LastLogin, FailedAttempts and Password.
func (t *Tx) SaveLogin(ctx context.Context, u *muster.User) error {
	t.accountChanged(u.ID)
	_, err := t.exec(ctx, "UPDATE users SET last_login = ?, failed_attempts = ?, password = ? WHERE id = ?", u.LastLogin, u.FailedAttempts, u.Password, u.ID)
	if err != nil {
		return fmt.Errorf("save login: %w", err)
	}
	return nil
}

// InsertSession stores a session under the SHA-256 of its token. No cache holds anything that this changes.
func (t *Tx) InsertSession(ctx context.Context, s *muster.Session, tokenHash []byte) error {
	_, err := t.exec(ctx, "INSERT INTO sessions (token_hash, "+sessionColumns+") VALUES ("+placeholders(13)+")", tokenHash,
		s.ID, s.UserID, s.CreateAt, s.ExpiresAt, s.LastActivityAt, s.DeviceID, s.Roles, s.IsOAuth, s.ExpiredNotify, jsonMap(s.Props).value(), s.IP, s.AuthenticatedAt)
	if err != nil {
		return fmt.Errorf("insert session: %w", err)
	}
	return nil
}

// PruneSessions ends the least recently used sessions of an account that has more than muster.MaxSessionsPerUser.
func (t *Tx) PruneSessions(ctx context.Context, userID string) error {
	n, err := t.exec(ctx, `DELETE FROM sessions WHERE id IN
		(SELECT id FROM sessions WHERE user_id = ? ORDER BY last_activity_at DESC LIMIT 1000000 OFFSET ?)`, userID, muster.MaxSessionsPerUser)
	if err != nil {
		return fmt.Errorf("end the least used sessions: %w", err)
	}
	if n > 0 {
		t.accountChanged(userID)
	}
	return nil
}

// EndSession ends one of an account's sessions; one that is gone already is no error.
func (t *Tx) EndSession(ctx context.Context, userID, id string) error {
	t.accountChanged(userID)
	if _, err := t.exec(ctx, "DELETE FROM sessions WHERE id = ? AND user_id = ?", id, userID); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndSessions ends an account's sessions but one, "" for all, and its login flows.
func (t *Tx) EndSessions(ctx context.Context, userID, except string) error {
	t.accountChanged(userID)
	if _, err := t.exec(ctx, "DELETE FROM sign_ins WHERE user_id = ?", userID); err != nil {
		return fmt.Errorf("end login flows: %w", err)
	}
	if _, err := t.exec(ctx, "DELETE FROM sessions WHERE user_id = ? AND id <> ?", userID, except); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// EndDeviceSessions ends an account's sessions of a device but one, "" for all.
func (t *Tx) EndDeviceSessions(ctx context.Context, userID, deviceID, except string) error {
	t.accountChanged(userID)
	if _, err := t.exec(ctx, "DELETE FROM sessions WHERE user_id = ? AND device_id = ? AND id <> ?", userID, deviceID, except); err != nil {
		return fmt.Errorf("end a device's sessions: %w", err)
	}
	return nil
}

// EndAllSessions ends everybody's sessions and login flows.
func (t *Tx) EndAllSessions(ctx context.Context) error {
	t.changes.AllAccounts = true
	for _, table := range []string{"sessions", "sign_ins"} {
		if _, err := t.exec(ctx, "DELETE FROM "+table); err != nil {
			return fmt.Errorf("end all sessions: %w", err)
		}
	}
	return nil
}

// SetAuthenticated sets when the owner of one of an account's sessions last proved who they are (Unix ms); ErrNotFound when the session is gone.
func (t *Tx) SetAuthenticated(ctx context.Context, userID, sessionID string, at int64) error {
	t.accountChanged(userID)
	return changed(t.exec(ctx, "UPDATE sessions SET authenticated_at = ? WHERE id = ? AND user_id = ?", at, sessionID, userID))
}

// SetDevice ties one of an account's sessions to a device and sets its expiry (Unix ms, 0: never); ErrNotFound when the session is gone.
func (t *Tx) SetDevice(ctx context.Context, userID, sessionID, deviceID string, expiresAt int64) error {
	t.accountChanged(userID)
	return changed(t.exec(ctx, "UPDATE sessions SET device_id = ?, expires_at = ? WHERE id = ? AND user_id = ?", deviceID, expiresAt, sessionID, userID))
}

// TouchSession notes when a session, and the access token that it stands for, was last used (Unix ms). Caches keep theirs: it happens all the time, and
// who asks for a session's activity knows the latest.
func (t *Tx) TouchSession(ctx context.Context, id string, at int64) error {
	if _, err := t.exec(ctx, "UPDATE sessions SET last_activity_at = ? WHERE id = ? AND last_activity_at < ?", at, id, at); err != nil {
		return fmt.Errorf("note a session's use: %w", err)
	}
	_, err := t.exec(ctx, "UPDATE access_tokens SET last_used_at = ? WHERE token_hash = (SELECT token_hash FROM sessions WHERE id = ?) AND last_used_at < ?", at, id, at)
	if err != nil {
		return fmt.Errorf("note a token's use: %w", err)
	}
	return nil
}

// ExtendSession moves the end of one of an account's sessions to a later time (Unix ms); a session that never ends stays so.
func (t *Tx) ExtendSession(ctx context.Context, userID, id string, expiresAt int64) error {
	t.accountChanged(userID)
	_, err := t.exec(ctx, "UPDATE sessions SET expires_at = ? WHERE id = ? AND user_id = ? AND expires_at > 0 AND expires_at < ?", expiresAt, id, userID, expiresAt)
	if err != nil {
		return fmt.Errorf("extend session: %w", err)
	}
	return nil
}

// DeleteExpiredSessions deletes at most limit sessions that ended before a time (Unix ms) and returns how many.
func (t *Tx) DeleteExpiredSessions(ctx context.Context, before int64, limit int) (int64, error) {
	return t.exec(ctx, `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at > 0 AND expires_at < ? LIMIT ?)`, before, limit)
}
