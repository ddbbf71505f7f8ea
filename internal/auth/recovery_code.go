package auth

import (
	"context"

	"muster"
	"muster/internal/auth/totp"
	"muster/internal/core"
	"muster/internal/store"
)

func newRecoveryCodes() (codes []string, hashes [][]byte) {
	codes, hashes = make([]string, muster.RecoveryCodes), make([][]byte, muster.RecoveryCodes)
	for i := range codes {
		codes[i] = totp.NewRecoveryCode()
		hashes[i] = totp.HashRecoveryCode(codes[i])
	}
	return codes, hashes
}

var errMfaNotActive = muster.E(muster.Invalid, "app.mfa.not_active.app_error")

// RecoveryCodesLeft returns how many unused recovery codes the caller's own account has. Kinds: Invalid without a second factor, Forbidden for
// somebody else's account and for an access token.
func (a *Auth) RecoveryCodesLeft(ctx context.Context, who *core.Caller, userID string) (int64, error) {
	if _, err := a.ownSecondFactor(ctx, who, userID); err != nil {
		return 0, err
	}
	return a.store.RecoveryCodesLeft(ctx, userID)
}

// ReplaceRecoveryCodes makes new recovery codes for the caller's own account, shown this once; those that it had are void. It takes a fresh session.
// Kinds as RecoveryCodesLeft's.
func (a *Auth) ReplaceRecoveryCodes(ctx context.Context, who *core.Caller, userID string) ([]string, error) {
	u, err := a.ownSecondFactor(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	if err := a.RequireFresh(who); err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes()
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockUser(ctx, userID)
		if err != nil {
			return core.Missing(err, errMfaNotActive.Kind, errMfaNotActive.ID)
		}
		if !now.MfaActive || now.MfaSecret != u.MfaSecret {
			return errMfaNotActive // turned off or replaced meanwhile
		}
		if err := tx.ReplaceRecoveryCodes(ctx, userID, hashes); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, a.mailer.Notification(now, a.mailer.NewRecoveryCodesMessage(now, who))...); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "new recovery codes"))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

func (a *Auth) ownSecondFactor(ctx context.Context, who *core.Caller, userID string) (*muster.User, error) {
	switch {
	case who.ID() != userID:
		return nil, muster.E(muster.Forbidden, "api.context.permissions.app_error")
	case who.Session.OfAccessToken():
		return nil, ErrNotByAccessToken
	}
	u, err := a.core.User(ctx, userID)
	if err != nil {
		return nil, err
	}
	if !u.MfaActive {
		return nil, errMfaNotActive
	}
	return u, nil
}
