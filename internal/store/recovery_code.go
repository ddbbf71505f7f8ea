package store

import (
	"context"
	"fmt"
)

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

// DeleteRecoveryCodes deletes an account's recovery codes.
func (t *Tx) DeleteRecoveryCodes(ctx context.Context, userID string) error {
	if _, err := t.exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ?", userID); err != nil {
		return fmt.Errorf("delete recovery codes: %w", err)
	}
	return nil
}

// ReplaceRecoveryCodes replaces all of an account's recovery codes, which are stored by their SHA-256.
func (t *Tx) ReplaceRecoveryCodes(ctx context.Context, userID string, codes [][]byte) error {
	if err := t.DeleteRecoveryCodes(ctx, userID); err != nil {
		return err
	}
	for _, hash := range codes {
		if _, err := t.exec(ctx, "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?,?)", userID, hash); err != nil {
			return fmt.Errorf("insert recovery code: %w", err)
		}
	}
	return nil
}

// UseRecoveryCode deletes the recovery code that has one of the SHA-256 hashes, which are of the ways to read what was typed, and returns how many the
// account has left. ErrCodeUsed when it has no such code.
func (t *Tx) UseRecoveryCode(ctx context.Context, userID string, hashes [][]byte) (left int64, err error) {
	args := []any{userID}
	for _, hash := range hashes {
		args = append(args, hash)
	}
	err = changed(t.exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ? AND code_hash IN ("+placeholders(len(hashes))+")", args...))
	if err != nil {
		return 0, codeUsed(err)
	}
	return recoveryCodesLeft(ctx, t.queryRow, userID)
}
