package auth

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	badUnlockLink     = "api.user.unlock.invalid_link.app_error"
	expiredUnlockLink = "api.user.unlock.link_expired.app_error"
)

// ResetFailedAttempts unlocks an account: failed attempts on it are forgotten, wherever they came from. Needs sysconsole_write_user_management_users.
// Kinds: Forbidden, NotFound, and Invalid where another service keeps the password (drift.md, reset_failed_attempts).
func (a *Auth) ResetFailedAttempts(ctx context.Context, who *core.Caller, userID string) error {
	err := a.core.RequireSystem(ctx, who, muster.PermWriteUserManagementUsers)
	if err != nil {
		return core.WithRefusalID(err, "api.user.reset_password_failed_attempts.permissions.app_error")
	}
	u, err := a.core.User(ctx, userID)
	if err != nil {
		return err
	}
	if err := a.core.RequireActOn(ctx, who, u); err != nil {
		return err
	}
	if u.AuthService != "" && u.AuthService != muster.AuthServiceEmail && u.AuthService != "ldap" {
		return muster.E(muster.Invalid, "api.user.reset_password_failed_attempts.ldap_and_email_only.app_error")
	}
	may, err := a.core.AuthorityOver(ctx, who, u.ID)
	if err != nil {
		return err
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		if err := may.RequireActOnUser(ctx, tx, u.ID); err != nil {
			return err
		}
		if err := a.unlock(ctx, tx, u, nil); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+u.ID+" unlocked"))
	})
	return core.MissingAccount(err)
}

// unlock forgets the failed attempts on an account; link is the SHA-256 of the mailed token that allows it, nil for none. store.ErrNotFound without the
// account, and when the link was used.
func (a *Auth) unlock(ctx context.Context, tx *store.Tx, u *muster.User, link []byte) error {
	if err := tx.ClearFailedAttempts(ctx, u.ID); err != nil {
		return err
	}
	if err := tx.UseLink(ctx, link); err != nil {
		return err
	}
	return tx.ForgetAttempts(ctx, a.attemptSubjects(u))
}

// Unlock unlocks an account by the link that its owner was mailed, and returns the token by which the caller's device is known from now on, as is
// its network. Kind Invalid for a link that is unknown, used, run out or of a former address.
func (a *Auth) Unlock(ctx context.Context, who *core.Caller, token string) (device string, err error) {
	m, link, err := a.mailer.MailToken(ctx, token, badUnlockLink, expiredUnlockLink, muster.TokenUnlock)
	if err != nil {
		return "", err
	}
	u, err := a.store.User(ctx, m.UserID)
	if err != nil {
		return "", core.Missing(err, muster.Invalid, badUnlockLink)
	}
	if u.Email != m.Email || u.DeleteAt != 0 {
		return "", muster.E(muster.Invalid, badUnlockLink)
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		if err := a.unlock(ctx, tx, u, link); err != nil {
			return err
		}
		if err := tx.SaveKnownNetwork(ctx, u.ID, a.networkHere(who, u.ID)); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.Audit(who, u.ID, "unlocked by mail"))
	})
	if err != nil {
		return "", core.Missing(err, muster.Invalid, badUnlockLink)
	}
	return a.deviceToken(who, u), nil
}
