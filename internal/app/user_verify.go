package app

import (
	"context"
	"net/url"

	"muster"
	"muster/internal/store"
)

const (
	badVerifyLink     = "api.user.verify_email.bad_link.app_error"
	expiredVerifyLink = "api.user.verify_email.link_expired.app_error"
)

// SendVerification mails a link that verifies an address. The answer is the same whether the address is anybody's. Kinds: Invalid, Unavailable.
func (a *App) SendVerification(_ context.Context, who *Caller, email string) error {
	return a.mailLink(email, a.auditSelf(who, "verification"), func(ctx context.Context, u *muster.User, audit *muster.Audit) error {
		if u.EmailVerified {
			return nil
		}
		return a.mailVerification(ctx, u, audit)
	})
}

func (a *App) mailVerification(ctx context.Context, u *muster.User, audits ...*muster.Audit) error {
	token, err := a.saveMailToken(ctx, muster.MailToken{Purpose: muster.TokenVerifyEmail, UserID: u.ID, Email: u.Email}, mailTokenLife, audits...)
	if err != nil {
		return err
	}
	a.send(ctx, u.Email, "verify your address", greeting(u)+
		"open this link within 24 hours to confirm that this address is yours:\n\n"+
		a.page("/do_verify_email", url.Values{"token": {token}, "email": {u.Email}})+"\n\n"+
		"If you did not ask for this, you can leave this mail alone.\n")
	return nil
}

// VerifyEmail takes a mailed token as proof of its account's address. Kind Invalid for one that is unknown, used, run out or of a former address.
func (a *App) VerifyEmail(ctx context.Context, who *Caller, token string) error {
	m, hash, err := a.mailToken(ctx, token, badVerifyLink, expiredVerifyLink, muster.TokenVerifyEmail)
	if err != nil {
		return err
	}
	err = a.setVerified(ctx, m.UserID, store.UserUpdate{UseLink: hash, Apply: func(u *muster.User) error {
		if u.Email != m.Email {
			return muster.E(muster.Invalid, badVerifyLink)
		}
		return nil
	}}, a.audit(who, m.UserID, "verified"))
	if muster.IsKind(err, muster.NotFound) {
		return muster.E(muster.Invalid, badVerifyLink, err)
	}
	return err
}

// VerifyEmailOf takes an administrator's word for an account's address and gives the account as it was before; needs manage_system.
// Kinds: Forbidden, NotFound.
func (a *App) VerifyEmailOf(ctx context.Context, who *Caller, userID string) (*muster.User, error) {
	if err := a.canSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	u, err := a.user(ctx, userID)
	if err != nil {
		return nil, err
	}
	err = a.setVerified(ctx, userID, store.UserUpdate{Apply: func(*muster.User) error { return nil }}, a.auditSelf(who, "user_id="+userID))
	seen := u.For(muster.Visibility{Self: true})
	// Two things that this answer alone shows so (recorded).
	seen.LastLogin = u.LastLogin
	if seen.Timezone == nil {
		seen.Timezone = map[string]string{}
	}
	return seen, err
}

func (a *App) setVerified(ctx context.Context, userID string, up store.UserUpdate, audit *muster.Audit) error {
	check := up.Apply
	up.Apply = func(u *muster.User) error {
		if err := check(u); err != nil {
			return err
		}
		u.EmailVerified, u.UpdateAt = true, a.now()
		return nil
	}
	_, _, err := a.changeUser(ctx, userID, up, audit)
	return err
}
