package store

import (
	"context"
	"errors"

	"muster"
)

// ErrCodeUsed says that a one-time code had signed in before.
var ErrCodeUsed = errors.New("the code was used before")

// SaveMfaPending keeps a sealed secret that awaits its first code. ErrNotFound without the account.
func (s *Store) SaveMfaPending(ctx context.Context, userID, sealed string, guard Guard, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.guard(ctx, userID, guard); err != nil {
			return err
		}
		if err := changed(t.exec(ctx, "UPDATE users SET mfa_pending = ? WHERE id = ?", sealed, userID)); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// MfaState is what the store knows of an account's second factor beyond the account itself.
type MfaState struct {
	Pending  string // sealed secret that awaits its first code, "" for none
	UsedStep int64  // RFC 6238 time step of the last code that signed in
}

// MfaState reads it; ErrNotFound without the account.
func (s *Store) MfaState(ctx context.Context, userID string) (m MfaState, err error) {
	err = s.queryRow(ctx, "SELECT mfa_pending, mfa_used_step FROM users WHERE id = ?", userID).Scan(&m.Pending, &m.UsedStep)
	return m, noRow(err)
}

// ActivateMfa makes the pending secret the account's second factor, with fresh recovery codes by their SHA-256, and gives the account as it was and
// as it is. An active factor gives way only with replace. ErrNotFound when another secret is pending by now, or another factor active.
func (s *Store) ActivateMfa(ctx context.Context, userID, pending string, replace bool, codes [][]byte, guard Guard, post func(*muster.User) []*Mail, audits ...*muster.Audit) (before, after *muster.User, err error) {
	return s.changeMfa(ctx, userID, guard, post, audits, func(t *Tx, u *muster.User) error {
		if u.MfaActive && !replace {
			return ErrNotFound
		}
		if err := changed(t.exec(ctx, "UPDATE users SET mfa_pending = '', mfa_used_step = 0 WHERE id = ? AND mfa_pending = ?", userID, pending)); err != nil {
			return err
		}
		if err := t.replaceRecoveryCodes(ctx, userID, codes); err != nil {
			return err
		}
		u.MfaActive, u.MfaSecret = true, pending
		return nil
	})
}

// DeactivateMfa takes the second factor and the recovery codes away.
func (s *Store) DeactivateMfa(ctx context.Context, userID string, guard Guard, post func(*muster.User) []*Mail, audits ...*muster.Audit) (before, after *muster.User, err error) {
	return s.changeMfa(ctx, userID, guard, post, audits, func(t *Tx, u *muster.User) error {
		u.MfaActive, u.MfaSecret = false, ""
		if err := t.replaceRecoveryCodes(ctx, userID, nil); err != nil {
			return err
		}
		_, err := t.exec(ctx, "UPDATE users SET mfa_pending = '', mfa_used_step = 0 WHERE id = ?", userID)
		return err
	})
}

// changeMfa runs change on the account and mails what post makes of it as it was.
func (s *Store) changeMfa(ctx context.Context, userID string, guard Guard, post func(*muster.User) []*Mail, audits []*muster.Audit, change func(*Tx, *muster.User) error) (before, after *muster.User, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		if before, err = t.user(ctx, userID); err != nil {
			return err
		}
		if err := t.guardLocked(ctx, before, guard); err != nil {
			return err
		}
		after = before.Clone()
		after.UpdateAt = t.now
		if err := change(t, after); err != nil {
			return err
		}
		if err := t.saveUser(ctx, before, after); err != nil {
			return err
		}
		if err := t.Enqueue(ctx, post(before)...); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return before, after, err
}

// useMfa holds in the sign-in's own transaction that its code is good this once. ErrCodeUsed otherwise.
func (t *Tx) useMfa(ctx context.Context, userID string, o SessionOptions) error {
	var err error
	switch {
	case o.MfaStep != 0:
		err = changed(t.exec(ctx, "UPDATE users SET mfa_used_step = ? WHERE id = ? AND mfa_used_step < ?", o.MfaStep, userID, o.MfaStep))
	case o.Recovery != nil:
		err = t.useRecoveryCode(ctx, userID, o.Recovery)
	}
	if errors.Is(err, ErrNotFound) {
		return ErrCodeUsed
	}
	return err
}
