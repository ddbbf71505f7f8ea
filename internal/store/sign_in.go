package store

import (
	"context"
	"fmt"

	"muster"
)

const (
	signInSweep   = 100 // run-out sign-ins that each new one clears away
	signInsOfUser = 20  // that one account may have under way; a new one ends the oldest
)

// SignIn is a sign-in that lacks a step, and what it was held against so far.
type SignIn struct {
	UserID       string
	Password     string // the account's hash that the password was held against
	BetterHash   string // of the same password, "" for none
	MfaActive    bool
	MfaSecret    string
	FactorPassed bool // by the second factor
	ReturnTo     string
	ExpiresAt    int64 // Unix ms
}

// SaveSignIn keeps a sign-in under the SHA-256 of its token, and takes the attempt back that was right so far.
func (s *Store) SaveSignIn(ctx context.Context, hash []byte, in *SignIn, attempt []Reserved) error {
	return s.Write(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, "DELETE FROM sign_ins WHERE token_hash IN (SELECT token_hash FROM sign_ins WHERE expires_at <= ? LIMIT ?)", t.now, signInSweep)
		if err != nil {
			return fmt.Errorf("sweep sign-ins: %w", err)
		}
		_, err = t.exec(ctx, `DELETE FROM sign_ins WHERE token_hash IN
			(SELECT token_hash FROM sign_ins WHERE user_id = ? ORDER BY expires_at DESC LIMIT 1000 OFFSET ?)`, in.UserID, signInsOfUser-1)
		if err != nil {
			return fmt.Errorf("end the oldest sign-ins: %w", err)
		}
		_, err = t.exec(ctx, "INSERT INTO sign_ins (token_hash, user_id, password, mfa_active, mfa_secret, better_hash, factor_passed, return_to, expires_at) VALUES ("+placeholders(9)+")",
			hash, in.UserID, in.Password, in.MfaActive, in.MfaSecret, in.BetterHash, in.FactorPassed, in.ReturnTo, in.ExpiresAt)
		if err != nil {
			return fmt.Errorf("keep sign-in: %w", err)
		}
		return t.release(ctx, attempt, true)
	})
}

// SignIn reads a sign-in under way; ErrNotFound once it ran out.
func (s *Store) SignIn(ctx context.Context, hash []byte) (*SignIn, error) {
	in := &SignIn{}
	err := s.queryRow(ctx, `SELECT user_id, password, mfa_active, mfa_secret, better_hash, factor_passed, return_to, expires_at
		FROM sign_ins WHERE token_hash = ? AND expires_at > ?`, hash, s.now().UnixMilli()).
		Scan(&in.UserID, &in.Password, &in.MfaActive, &in.MfaSecret, &in.BetterHash, &in.FactorPassed, &in.ReturnTo, &in.ExpiresAt)
	return in, noRow(err)
}

// PassFactor takes a one-time or recovery code out of use and notes that the sign-in passed by it. ErrCodeUsed for a code that was used before,
// ErrNotFound when the sign-in is gone.
func (s *Store) PassFactor(ctx context.Context, hash []byte, userID string, o SessionOptions, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.useMfa(ctx, userID, o); err != nil {
			return err
		}
		if err := changed(t.exec(ctx, "UPDATE sign_ins SET factor_passed = ? WHERE token_hash = ?", true, hash)); err != nil {
			return err
		}
		if err := t.release(ctx, o.Attempts, true); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// DeleteSignIn gives a sign-in up; one that is gone already is no error.
func (s *Store) DeleteSignIn(ctx context.Context, hash []byte) error {
	return s.Write(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, "DELETE FROM sign_ins WHERE token_hash = ?", hash)
		return err
	})
}
