package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	badVerifyLink     = "api.user.verify_email.bad_link.app_error"
	expiredVerifyLink = "api.user.verify_email.link_expired.app_error"
)

// SendVerification has a link mailed that verifies an address. The answer is the same whether the address is anybody's. Kinds: Invalid, Unavailable.
func (a *Accounts) SendVerification(ctx context.Context, who *core.Caller, email string) error {
	return a.mailer.RequestLink(ctx, muster.TokenVerifyEmail, email, a.core.AuditSelf(who, "verification"))
}

// VerifyEmail takes a mailed token as proof of its account's address, or of the one that it is to have from now on. Kind Invalid for a token that is
// unknown, used, run out or of a former address, and for an address that somebody else has by now.
func (a *Accounts) VerifyEmail(ctx context.Context, who *core.Caller, token string) error {
	m, hash, err := a.mailer.MailToken(ctx, token, badVerifyLink, expiredVerifyLink, muster.TokenVerifyEmail, muster.TokenChangeEmail)
	if err != nil {
		return err
	}
	_, _, err = a.core.ChangeUser(ctx, m.UserID, nil, func(tx *store.Tx, u *muster.User) error {
		before := u.Clone()
		switch {
		case m.Purpose == muster.TokenChangeEmail:
			u.Email = m.Email
			if err := a.checkEmailDomain(u); err != nil {
				return err
			}
		case u.Email != m.Email:
			return muster.E(muster.Invalid, badVerifyLink)
		}
		u.EmailVerified, u.UpdateAt = true, a.core.Now()
		if err := core.Missing(tx.UseLink(ctx, hash), muster.Invalid, badVerifyLink); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, a.addressNotices(who.ByLink(), before, u)...); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.Audit(who, m.UserID, "verified"))
	})
	if muster.IsKind(err, muster.NotFound) {
		return muster.E(muster.Invalid, badVerifyLink, err)
	}
	return err
}

// VerifyEmailOf marks an account's address as verified by an administrator and returns the account as it was before; needs manage_system.
// Kinds: Forbidden, NotFound.
func (a *Accounts) VerifyEmailOf(ctx context.Context, who *core.Caller, userID string) (*muster.User, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	u, _, err := a.core.ChangeUser(ctx, userID, nil, func(tx *store.Tx, u *muster.User) error {
		u.EmailVerified, u.UpdateAt = true, a.core.Now()
		return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+userID))
	})
	if err != nil {
		return nil, err
	}
	seen := u.Sanitized(muster.Visibility{Self: true})
	// Two things that this answer alone shows so (recorded).
	seen.LastLogin = u.LastLogin
	if seen.Timezone == nil {
		seen.Timezone = map[string]string{}
	}
	return seen, nil
}
