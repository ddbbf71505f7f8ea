package app

import (
	"context"
	"net/url"

	"muster"
)

const (
	badResetLink     = "api.user.reset_password.invalid_link.app_error"
	expiredResetLink = "api.user.reset_password.link_expired.app_error"
)

// SendPasswordReset mails a link by which the account of an address sets a new password. The answer is the same whether the address is
// anybody's. Kinds: Invalid, Unavailable.
func (a *App) SendPasswordReset(_ context.Context, who *Caller, email string) error {
	return a.mailLink(email, a.auditSelf(who, "password reset asked for"), func(ctx context.Context, u *muster.User, audit *muster.Audit) error {
		if u.IsSSO() {
			return nil
		}
		return a.mailPasswordReset(ctx, u, audit)
	})
}

func (a *App) mailPasswordReset(ctx context.Context, u *muster.User, audit *muster.Audit) error {
	token, err := a.saveMailToken(ctx, muster.MailToken{Purpose: muster.TokenPasswordRecovery, UserID: u.ID, Email: u.Email}, mailTokenLife, audit)
	if err != nil {
		return err
	}
	a.send(ctx, u.Email, "set a new password", greeting(u)+
		"open this link within 24 hours to set a new password:\n\n"+
		a.page("/reset_password_complete", url.Values{"token": {token}})+"\n\n"+
		"If you did not ask for this, you can leave this mail alone: your password stays as it is.\n")
	return nil
}

// ResetPassword sets a new password by a mailed token; every session of the account ends. Kind Invalid for a token that is unknown, used, run out
// or of a former address, and for a password that breaks a rule.
func (a *App) ResetPassword(ctx context.Context, who *Caller, token, newPassword string) error {
	m, link, err := a.mailToken(ctx, token, badResetLink, expiredResetLink, muster.TokenPasswordRecovery)
	if err != nil {
		return err
	}
	if err := a.passwordPolicy(newPassword); err != nil {
		return err
	}
	hash, err := a.passwords.Hash(ctx, newPassword)
	if err != nil {
		return err
	}
	up := a.newPassword(hash)
	up.UseLink = link
	settle := up.Apply
	up.Apply = func(u *muster.User) error {
		if u.Email != m.Email || u.IsBot || u.DeleteAt != 0 {
			return muster.E(muster.Invalid, badResetLink)
		}
		u.EmailVerified = true // only who reads the address's mail has the link
		return settle(u)
	}
	_, _, err = a.changeUser(ctx, m.UserID, up, a.audit(who, m.UserID, "password reset"))
	if muster.IsKind(err, muster.NotFound) {
		return muster.E(muster.Invalid, badResetLink, err)
	}
	return err
}
