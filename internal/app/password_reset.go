package app

import (
	"context"

	"muster"
)

const (
	badResetLink     = "api.user.reset_password.invalid_link.app_error"
	expiredResetLink = "api.user.reset_password.link_expired.app_error"
)

// SendPasswordReset has a link mailed by which the account of an address sets a new password. The answer is the same whether the address is
// anybody's. Kinds: Invalid, Unavailable.
func (a *App) SendPasswordReset(ctx context.Context, who *Caller, email string) error {
	return a.requestLink(ctx, muster.TokenPasswordRecovery, email, a.auditSelf(who, "password reset asked for"))
}

// ResetPassword sets a new password by a mailed token; every session of the account ends and, with revokeTokens, every access token. It returns
// the token by which the caller's device is known from now on, as is its network: the new password ended what else was known. Kind Invalid for a token that is
// unknown, used, run out or of a former address, and for a password that breaks a rule.
func (a *App) ResetPassword(ctx context.Context, who *Caller, token, newPassword string, revokeTokens bool) (device string, err error) {
	m, link, err := a.mailToken(ctx, token, badResetLink, expiredResetLink, muster.TokenPasswordRecovery)
	if err != nil {
		return "", err
	}
	u, err := a.user(ctx, m.UserID)
	if err != nil {
		return "", missing(err, muster.Invalid, badResetLink)
	}
	if err := a.passwordPolicy("new_password", newPassword, u); err != nil {
		return "", err
	}
	hash, err := a.hashPassword(ctx, who, newPassword)
	if err != nil {
		return "", err
	}
	audit := a.audit(who, m.UserID, "password reset")
	up := a.newPassword(who.byLink(), hash, revokeTokens, audit)
	up.UseLink, up.Network = link, a.networkHere(who, m.UserID)
	settle := up.Apply
	up.Apply = func(u *muster.User) error {
		if u.Email != m.Email || u.IsBot || u.DeleteAt != 0 {
			return muster.E(muster.Invalid, badResetLink)
		}
		u.EmailVerified = true // only who reads the address's mail has the link
		return settle(u)
	}
	_, after, err := a.changeUser(ctx, m.UserID, up, audit)
	if muster.IsKind(err, muster.NotFound) {
		return "", muster.E(muster.Invalid, badResetLink, err)
	}
	if err != nil {
		return "", err
	}
	return a.deviceToken(who, after), nil
}
