package store

import (
	"context"
	"fmt"
	"strconv"

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

// SessionOptions say what a sign-in changes besides the session itself.
type SessionOptions struct {
	ResetFailedAttempts bool
	LastLogin           int64  // Unix ms
	NewPasswordHash     string // a better hash of the same password, kept only while OldPasswordHash is the stored one
	OldPasswordHash     string
	ReplaceDeviceID     bool          // the account's other sessions of the same device end
	MfaStep             int64         // RFC 6238 time step of the one-time code, 0 for none
	Recovery            *RecoveryCode // nil for none
	MfaActive           bool          // what the sign-in was held against: a second factor that changed meanwhile refuses it
	MfaSecret           string
	WithoutPassword     bool       // something else than the password proved who it is
	UseSignIn           []byte     // SHA-256 of the stored sign-in that this ends, nil for none; ErrNotFound when another request did
	Attempts            []Reserved // that succeeded with this
	Network             *KnownNetwork
}

// CreateSession stores a sign-in under the SHA-256 of its token. Beyond muster.MaxSessionsPerUser the least recently
// used sessions of the account end. ErrCodeUsed when its one-time code signed in before, ErrNotFound when the account is gone, deactivated, a bot or has another password by now.
func (s *Store) CreateSession(ctx context.Context, sess *muster.Session, tokenHash []byte, o SessionOptions, audits ...*muster.Audit) (*muster.Session, error) {
	return sess, s.Write(ctx, func(t *Tx) error {
		if err := t.noteLogin(ctx, sess.UserID, o); err != nil {
			return err
		}
		if err := t.takeRoles(ctx, sess); err != nil {
			return err
		}
		if err := t.useMfa(ctx, sess.UserID, o); err != nil {
			return err
		}
		if o.UseSignIn != nil {
			if err := changed(t.exec(ctx, "DELETE FROM sign_ins WHERE token_hash = ?", o.UseSignIn)); err != nil {
				return err
			}
		}
		if o.ReplaceDeviceID {
			if err := t.endDevice(ctx, sess.UserID, sess.DeviceID, sess.ID); err != nil {
				return err
			}
		}
		if err := t.insertSession(ctx, sess, tokenHash); err != nil {
			return err
		}
		if err := t.pruneSessions(ctx, sess.UserID); err != nil {
			return err
		}
		if err := t.release(ctx, o.Attempts, true); err != nil {
			return err
		}
		if err := t.SaveKnownNetwork(ctx, sess.UserID, o.Network); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// takeRoles gives a new session its account's roles as they are: they may have changed since the account was read. noteLogin holds the account.
func (t *Tx) takeRoles(ctx context.Context, s *muster.Session) error {
	u := &muster.User{}
	if err := t.queryRow(ctx, "SELECT roles FROM users WHERE id = ?", s.UserID).Scan(&u.Roles); err != nil {
		return noRow(err)
	}
	s.Roles = u.Roles
	if _, told := s.Props[muster.SessionPropIsGuest]; told {
		s.Props[muster.SessionPropIsGuest] = strconv.FormatBool(u.IsGuest())
	}
	return nil
}

// insertSession leaves a session as it is that is there already: an access token's.
func (t *Tx) insertSession(ctx context.Context, s *muster.Session, tokenHash []byte) error {
	_, err := t.exec(ctx, "INSERT INTO sessions (token_hash, "+sessionColumns+") VALUES ("+placeholders(13)+") ON CONFLICT (token_hash) DO NOTHING", tokenHash,
		s.ID, s.UserID, s.CreateAt, s.ExpiresAt, s.LastActivityAt, s.DeviceID, s.Roles, s.IsOAuth, s.ExpiredNotify, jsonMap(s.Props).value(), s.IP, s.AuthenticatedAt)
	if err != nil {
		return fmt.Errorf("insert session: %w", err)
	}
	return nil
}

// EndSessions ends an account's sessions but one, "" for all, and its sign-ins under way.
func (t *Tx) EndSessions(ctx context.Context, userID, except string) error {
	t.accountChanged(userID)
	if _, err := t.exec(ctx, "DELETE FROM sign_ins WHERE user_id = ?", userID); err != nil {
		return fmt.Errorf("end sign-ins: %w", err)
	}
	if _, err := t.exec(ctx, "DELETE FROM sessions WHERE user_id = ? AND id <> ?", userID, except); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

func (t *Tx) noteLogin(ctx context.Context, userID string, o SessionOptions) error {
	hash := o.OldPasswordHash
	if o.NewPasswordHash != "" {
		hash = o.NewPasswordHash
	}
	failed := "failed_attempts"
	if o.ResetFailedAttempts {
		failed = "0"
	}
	if o.WithoutPassword {
		return changed(t.exec(ctx, "UPDATE users SET last_login = ?, failed_attempts = "+failed+" WHERE id = ? AND delete_at = 0 AND NOT is_bot", o.LastLogin, userID))
	}
	return changed(t.exec(ctx, "UPDATE users SET last_login = ?, failed_attempts = "+failed+", password = ? WHERE id = ? AND delete_at = 0 AND NOT is_bot AND password = ? AND mfa_active = ? AND mfa_secret = ?",
		o.LastLogin, hash, userID, o.OldPasswordHash, o.MfaActive, o.MfaSecret))
}

func (t *Tx) endDevice(ctx context.Context, userID, deviceID, exceptID string) error {
	_, err := t.exec(ctx, "DELETE FROM sessions WHERE user_id = ? AND device_id = ? AND id <> ?", userID, deviceID, exceptID)
	return err
}

func (t *Tx) pruneSessions(ctx context.Context, userID string) error {
	_, err := t.exec(ctx, `DELETE FROM sessions WHERE id IN
		(SELECT id FROM sessions WHERE user_id = ? ORDER BY last_activity_at DESC LIMIT 1000000 OFFSET ?)`, userID, muster.MaxSessionsPerUser)
	return err
}

// SessionByTokenHash reads a session by the SHA-256 of its token.
func (s *Store) SessionByTokenHash(ctx context.Context, hash []byte) (*muster.Session, error) {
	return scanSession(s.queryRow(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE token_hash = ?", hash))
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

// DeleteSession ends one of an account's sessions; one that is gone already is no error.
func (s *Store) DeleteSession(ctx context.Context, userID, id string, guard Guard, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.guard(ctx, userID, guard); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM sessions WHERE id = ? AND user_id = ?", id, userID); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
}

// DeleteSessionsOf ends an account's sessions, and its sign-ins under way.
func (s *Store) DeleteSessionsOf(ctx context.Context, userID string, guard Guard, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.guard(ctx, userID, guard); err != nil {
			return err
		}
		if err := t.EndSessions(ctx, userID, ""); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// DeleteAllSessions ends everybody's sessions, and all sign-ins under way.
func (s *Store) DeleteAllSessions(ctx context.Context, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		for _, table := range []string{"sessions", "sign_ins"} {
			if _, err := t.exec(ctx, "DELETE FROM "+table); err != nil {
				return fmt.Errorf("end all sessions: %w", err)
			}
		}
		return t.saveAudits(ctx, audits)
	})
}

// Reauthenticate notes that a session's owner proved at a time (Unix ms) again who they are, and takes the code that did it out of use. u is the account that the proof
// was checked against. ErrCodeUsed for a code that was used before, ErrNotFound when the session is gone or the account's secrets have changed since.
func (s *Store) Reauthenticate(ctx context.Context, sessionID string, u *muster.User, at int64, o SessionOptions, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		now, err := t.user(ctx, u.ID)
		if err != nil {
			return err
		}
		if now.Password != u.Password || now.MfaActive != u.MfaActive || now.MfaSecret != u.MfaSecret || now.DeleteAt != 0 {
			return ErrNotFound
		}
		if err := t.useMfa(ctx, u.ID, o); err != nil {
			return err
		}
		if err := changed(t.exec(ctx, "UPDATE sessions SET authenticated_at = ? WHERE id = ? AND user_id = ?", at, sessionID, u.ID)); err != nil {
			return err
		}
		if err := t.release(ctx, o.Attempts, true); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// AttachDevice ties one of a user's sessions to a device, ends the user's others there and sets the new expiry (Unix ms, 0: never).
func (s *Store) AttachDevice(ctx context.Context, userID, sessionID, deviceID string, expiresAt int64, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.endDevice(ctx, userID, deviceID, sessionID); err != nil {
			return err
		}
		err := changed(t.exec(ctx, "UPDATE sessions SET device_id = ?, expires_at = ? WHERE id = ?", deviceID, expiresAt, sessionID))
		if err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// TouchSessions notes when sessions were last used and, for some, when they now end; by id, Unix ms.
func (s *Store) TouchSessions(ctx context.Context, at, extend map[string]int64) error {
	return s.Write(ctx, func(t *Tx) error {
		for id, ms := range at {
			if _, err := t.exec(ctx, "UPDATE sessions SET last_activity_at = ? WHERE id = ? AND last_activity_at < ?", ms, id, ms); err != nil {
				return fmt.Errorf("note activity: %w", err)
			}
			_, err := t.exec(ctx, "UPDATE access_tokens SET last_used_at = ? WHERE token_hash = (SELECT token_hash FROM sessions WHERE id = ?) AND last_used_at < ?", ms, id, ms)
			if err != nil {
				return fmt.Errorf("note a token's use: %w", err)
			}
		}
		for id, ms := range extend {
			if _, err := t.exec(ctx, "UPDATE sessions SET expires_at = ? WHERE id = ? AND expires_at < ?", ms, id, ms); err != nil {
				return fmt.Errorf("extend session: %w", err)
			}
		}
		return nil
	})
}

// DeleteExpiredSessions removes at most limit sessions that ended before a time (Unix ms) and gives how many.
func (s *Store) DeleteExpiredSessions(ctx context.Context, before int64, limit int) (n int64, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		n, err = t.exec(ctx, `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at > 0 AND expires_at < ? LIMIT ?)`, before, limit)
		return err
	})
	return n, err
}
