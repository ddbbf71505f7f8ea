package store

import (
	"context"
	"errors"
	"fmt"
)

// ErrCodeUsed says that a one-time or recovery code is not, or no longer, good.
var ErrCodeUsed = errors.New("the code was used before")

// MfaState is what the store knows of an account's second factor beyond the account itself.
type MfaState struct {
	Pending  string // encrypted secret that awaits its first code, "" for none
	UsedStep int64  // RFC 6238 time step of the last code that signed in
}

// MfaState reads it; ErrNotFound without the account.
func (s *Store) MfaState(ctx context.Context, userID string) (m MfaState, err error) {
	err = s.queryRow(ctx, "SELECT mfa_pending, mfa_used_step FROM users WHERE id = ?", userID).Scan(&m.Pending, &m.UsedStep)
	return m, noRow(err)
}

// SetPendingMfa stores an encrypted secret that awaits its first code. ErrNotFound without the account.
func (t *Tx) SetPendingMfa(ctx context.Context, userID, encrypted string) error {
	return changed(t.exec(ctx, "UPDATE users SET mfa_pending = ? WHERE id = ?", encrypted, userID))
}

// TakePendingMfa clears an account's pending secret, and with it the time step of the codes before, for the secret to become the second factor. ErrNotFound when another
// secret is pending by now.
func (t *Tx) TakePendingMfa(ctx context.Context, userID, encrypted string) error {
	return changed(t.exec(ctx, "UPDATE users SET mfa_pending = '', mfa_used_step = 0 WHERE id = ? AND mfa_pending = ?", userID, encrypted))
}

// ClearMfaState clears what MfaState returns.
func (t *Tx) ClearMfaState(ctx context.Context, userID string) error {
	if _, err := t.exec(ctx, "UPDATE users SET mfa_pending = '', mfa_used_step = 0 WHERE id = ?", userID); err != nil {
		return fmt.Errorf("clear the state of a second factor: %w", err)
	}
	return nil
}

// UseCode makes the one-time code of a time step, and every earlier one, good no more. ErrCodeUsed when one was used before.
func (t *Tx) UseCode(ctx context.Context, userID string, step int64) error {
	return codeUsed(changed(t.exec(ctx, "UPDATE users SET mfa_used_step = ? WHERE id = ? AND mfa_used_step < ?", step, userID, step)))
}

func codeUsed(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrCodeUsed
	}
	return err
}
