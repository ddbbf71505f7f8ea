package store

import (
	"context"
	"fmt"

	"muster"
)

// RecoveryCode is a recovery code that somebody typed.
type RecoveryCode struct {
	Hashes [][]byte                                 // SHA-256 of each way to read it
	Post   func(u *muster.User, left int64) []*Mail // what its use mails the account, which has so many codes left
}

// RecoveryCodesLeft counts an account's unused recovery codes.
func (s *Store) RecoveryCodesLeft(ctx context.Context, userID string) (int64, error) {
	return recoveryCodesLeft(ctx, s.queryRow, userID)
}

func recoveryCodesLeft(ctx context.Context, row rowQuery, userID string) (n int64, err error) {
	if err := row(ctx, "SELECT count(*) FROM recovery_codes WHERE user_id = ?", userID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return n, nil
}

// ReplaceRecoveryCodes gives an account new recovery codes, by their SHA-256, in the place of all that it has. ErrNotFound unless its second factor
// is the one with the sealed secret.
func (s *Store) ReplaceRecoveryCodes(ctx context.Context, userID, secret string, codes [][]byte, post func(*muster.User) []*Mail, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		u, err := t.user(ctx, userID)
		if err != nil {
			return err
		}
		if !u.MfaActive || u.MfaSecret != secret {
			return ErrNotFound
		}
		if err := t.replaceRecoveryCodes(ctx, userID, codes); err != nil {
			return err
		}
		if err := t.Enqueue(ctx, post(u)...); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// DeleteRecoveryCodes removes an account's recovery codes.
func (t *Tx) DeleteRecoveryCodes(ctx context.Context, userID string) error {
	if _, err := t.exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ?", userID); err != nil {
		return fmt.Errorf("delete recovery codes: %w", err)
	}
	return nil
}

func (t *Tx) replaceRecoveryCodes(ctx context.Context, userID string, codes [][]byte) error {
	if err := t.DeleteRecoveryCodes(ctx, userID); err != nil {
		return err
	}
	for _, hash := range codes {
		if _, err := t.exec(ctx, "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?,?)", userID, hash); err != nil {
			return fmt.Errorf("save recovery code: %w", err)
		}
	}
	return nil
}

// useRecoveryCode takes a code out of use, and mails its account that it was used. ErrNotFound when it is none of the account's.
func (t *Tx) useRecoveryCode(ctx context.Context, userID string, code *RecoveryCode) error {
	args := []any{userID}
	for _, hash := range code.Hashes {
		args = append(args, hash)
	}
	err := changed(t.exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ? AND code_hash IN ("+placeholders(len(code.Hashes))+")", args...))
	if err != nil {
		return err
	}
	left, err := recoveryCodesLeft(ctx, t.queryRow, userID)
	if err != nil {
		return err
	}
	u, err := t.user(ctx, userID)
	if err != nil {
		return err
	}
	return t.Enqueue(ctx, code.Post(u, left)...)
}
