package store

import (
	"context"
	"fmt"
)

const (
	loginFlowSweep   = 100 // expired login flows that each new one removes
	loginFlowsOfUser = 20  // that one account may have; a new one takes the place of the oldest
)

// LoginFlow is a login that has yet to take a step, with what the steps so far were checked against. Its table is sign_ins.
type LoginFlow struct {
	UserID       string
	Password     string // the account's hash that the password was checked against
	BetterHash   string // of the same password, "" for none
	MfaActive    bool
	MfaSecret    string
	FactorPassed bool // the second factor was shown
	ReturnTo     string
	ExpiresAt    int64 // Unix ms
}

// LoginFlow reads a login flow by the SHA-256 of its token; ErrNotFound once it has expired.
func (s *Store) LoginFlow(ctx context.Context, hash []byte) (*LoginFlow, error) {
	f := &LoginFlow{}
	err := s.queryRow(ctx, `SELECT user_id, password, mfa_active, mfa_secret, better_hash, factor_passed, return_to, expires_at
		FROM sign_ins WHERE token_hash = ? AND expires_at > ?`, hash, s.now().UnixMilli()).
		Scan(&f.UserID, &f.Password, &f.MfaActive, &f.MfaSecret, &f.BetterHash, &f.FactorPassed, &f.ReturnTo, &f.ExpiresAt)
	return f, noRow(err)
}

// InsertLoginFlow stores a login flow under the SHA-256 of its token. The oldest ones of an account that has too many are deleted.
func (t *Tx) InsertLoginFlow(ctx context.Context, hash []byte, f *LoginFlow) error {
	_, err := t.exec(ctx, "DELETE FROM sign_ins WHERE token_hash IN (SELECT token_hash FROM sign_ins WHERE expires_at <= ? LIMIT ?)", t.now, loginFlowSweep)
	if err != nil {
		return fmt.Errorf("delete expired login flows: %w", err)
	}
	_, err = t.exec(ctx, `DELETE FROM sign_ins WHERE token_hash IN
		(SELECT token_hash FROM sign_ins WHERE user_id = ? ORDER BY expires_at DESC LIMIT 1000 OFFSET ?)`, f.UserID, loginFlowsOfUser-1)
	if err != nil {
		return fmt.Errorf("delete the oldest login flows: %w", err)
	}
	_, err = t.exec(ctx, "INSERT INTO sign_ins (token_hash, user_id, password, mfa_active, mfa_secret, better_hash, factor_passed, return_to, expires_at) VALUES ("+placeholders(9)+")",
		hash, f.UserID, f.Password, f.MfaActive, f.MfaSecret, f.BetterHash, f.FactorPassed, f.ReturnTo, f.ExpiresAt)
	if err != nil {
		return fmt.Errorf("insert login flow: %w", err)
	}
	return nil
}

// PassFactor notes that the second factor of a login flow was shown; ErrNotFound when the flow is gone.
func (t *Tx) PassFactor(ctx context.Context, hash []byte) error {
	return changed(t.exec(ctx, "UPDATE sign_ins SET factor_passed = ? WHERE token_hash = ?", true, hash))
}

// DeleteLoginFlow ends a login flow; ErrNotFound when it is gone.
func (t *Tx) DeleteLoginFlow(ctx context.Context, hash []byte) error {
	return changed(t.exec(ctx, "DELETE FROM sign_ins WHERE token_hash = ?", hash))
}
