package auth

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	badResetLink     = "api.user.reset_password.invalid_link.app_error"
	expiredResetLink = "api.user.reset_password.link_expired.app_error"
)

// SendPasswordReset has a link mailed by which the account of an address sets a new password. The answer is the same whether the address is
// anybody's. Kinds: Invalid, Unavailable.
func (a *Auth) SendPasswordReset(ctx context.Context, who *core.Caller, email string) error {
	return a.mailer.RequestLink(ctx, muster.TokenPasswordRecovery, email, a.core.AuditSelf(who, "password reset asked for"))
}

// ResetPassword sets a new password by a mailed token; every session of the account ends and, with revokeTokens, every access token. It returns
// the token by which the caller's device is known from now on, as is its network: the new password ended what else was known. Kind Invalid for a token that is
// unknown, used, run out or of a former address, and for a password that breaks a rule.
func (a *Auth) ResetPassword(ctx context.Context, who *core.Caller, token, password string, revokeTokens bool) (device string, err error) {
	m, link, err := a.mailer.MailToken(ctx, token, badResetLink, expiredResetLink, muster.TokenPasswordRecovery)
	if err != nil {
		return "", err
	}
	u, err := a.core.User(ctx, m.UserID)
	if err != nil {
		return "", core.Missing(err, muster.Invalid, badResetLink)
	}
	if err := a.PasswordPolicy("new_password", password, u); err != nil {
		return "", err
	}
	hash, err := a.HashPassword(ctx, who, password)
	if err != nil {
		return "", err
	}
	_, after, err := a.core.ChangeUser(ctx, m.UserID, nil, func(tx *store.Tx, u *muster.User) error {
		if u.Email != m.Email || u.IsBot || u.DeleteAt != 0 {
			return muster.E(muster.Invalid, badResetLink)
		}
		u.EmailVerified = true // only who reads the address's mail has the link
		if err := core.Missing(tx.UseLink(ctx, link), muster.Invalid, badResetLink); err != nil {
			return err
		}
		err := a.setPassword(ctx, tx, u, newPassword{
			hash: hash, by: who.ByLink(), revokeTokens: revokeTokens, audit: a.core.Audit(who, m.UserID, "password reset"),
		})
		if err != nil {
			return err
		}
		return tx.SaveKnownNetwork(ctx, u.ID, a.networkHere(who, u.ID)) // after the new password ended what was known before
	})
	if muster.IsKind(err, muster.NotFound) {
		return "", muster.E(muster.Invalid, badResetLink, err)
	}
	if err != nil {
		return "", err
	}
	return a.deviceToken(who, after), nil
}
