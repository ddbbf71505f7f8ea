package auth

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/auth/password"
	"muster/internal/core"
	"muster/internal/store"
)

// PasswordChange is the body of update_user_password.
type PasswordChange struct {
	CurrentPassword string `json:"current_password"`
	NewPassword     string `json:"new_password"`
	AlreadyHashed   bool   `json:"already_hashed"` // an administrator's import: NewPassword is a hash
	RevokeTokens    bool   `json:"revoke_access_tokens"`
}

// UpdateUserPassword sets a password: one's own against the current one, another's with the right to manage users.
// Every other session of the account ends and, if asked for, its access tokens. With one's own it returns the token by which the caller's device stays known,
// "" otherwise. Kinds: Invalid, Unauthenticated, Forbidden.
func (a *Auth) UpdateUserPassword(ctx context.Context, who *core.Caller, userID string, ch PasswordChange) (device string, err error) {
	if err := a.requireChangePassword(ctx, who, userID, ch); err != nil {
		return "", err
	}
	hash, scheme, err := a.passwordToStore(ctx, who, userID, ch)
	if err != nil {
		return "", err
	}
	may, err := a.core.AuthorityOver(ctx, who, userID)
	if err != nil {
		return "", err
	}
	own := who.ID() == userID
	_, after, err := a.core.ChangeUser(ctx, userID, may, func(tx *store.Tx, u *muster.User) error {
		keep := ""
		if own {
			keep = who.Session.ID
		}
		if err := a.addPasswordScheme(ctx, tx, scheme); err != nil {
			return err
		}
		err := a.setPassword(ctx, tx, u, newPassword{
			hash: hash, by: who, keepSession: keep, revokeTokens: ch.RevokeTokens, audit: a.core.AuditSelf(who, "user_id="+userID+" completed"),
		})
		if err != nil || !own {
			return err
		}
		return tx.SaveKnownNetwork(ctx, userID, a.networkHere(who, userID))
	})
	if err != nil { // promoted while the password was hashed, say
		return "", core.WithRefusalID(err, mayNotSetPassword)
	}
	if scheme != "" {
		a.core.LogError(ctx, "read password schemes", a.ReadPasswordSchemes(ctx))
	}
	if !own {
		return "", nil
	}
	return a.deviceToken(who, after), nil
}

// passwordToStore returns the hash that a change asks for, and for one that comes as a hash an example of a foreign scheme that it was made with.
func (a *Auth) passwordToStore(ctx context.Context, who *core.Caller, userID string, ch PasswordChange) (hash, scheme string, err error) {
	if ch.AlreadyHashed {
		scheme, err = a.foreignScheme(ch.NewPassword)
		return ch.NewPassword, scheme, err
	}
	u, err := a.core.User(ctx, userID)
	if err != nil {
		return "", "", err
	}
	if err := a.PasswordPolicy("new_password", ch.NewPassword, u); err != nil {
		return "", "", err
	}
	hash, err = a.HashPassword(ctx, who, ch.NewPassword)
	return hash, "", err
}

const mayNotSetPassword = "api.user.update_password.context.app_error"

// newPassword is a password that takes an account's place for one.
type newPassword struct {
	hash         string
	by           *core.Caller
	keepSession  string // id of the session that lives on, "" for none
	revokeTokens bool   // access tokens end with the former password
	audit        *muster.Audit
}

// setPassword sets a new password for an account that tx has locked: its sessions and mailed links end and, if asked for, its access tokens, whose number the
// audit and the mail say. Attempts on it are forgotten. Kind Invalid where another service keeps the password.
func (a *Auth) setPassword(ctx context.Context, tx *store.Tx, u *muster.User, p newPassword) error {
	if u.IsSSO() {
		return muster.E(muster.Invalid, "api.user.update_password.oauth.app_error")
	}
	if err := tx.ForgetAttempts(ctx, a.attemptSubjects(u)); err != nil {
		return err
	}
	u.Password, u.FailedAttempts = p.hash, 0
	u.UpdateAt = a.core.Now()
	u.LastPasswordUpdate = u.UpdateAt
	if err := tx.EndSessions(ctx, u.ID, p.keepSession); err != nil {
		return err
	}
	if err := tx.VoidAllLinks(ctx, u.ID); err != nil {
		return err
	}
	revoked, audit := int64(0), *p.audit
	if p.revokeTokens {
		n, err := tx.RevokeAccessTokens(ctx, u.ID)
		if err != nil {
			return err
		}
		revoked, audit.ExtraInfo = n, fmt.Sprintf("%s access_tokens_revoked=%d", audit.ExtraInfo, n)
	}
	if err := tx.Enqueue(ctx, a.mailer.Notification(u, a.mailer.PasswordChangedMessage(u, revoked, p.by))...); err != nil {
		return err
	}
	return tx.Audit(ctx, &audit)
}

func (a *Auth) requireChangePassword(ctx context.Context, who *core.Caller, userID string, ch PasswordChange) error {
	if who.ID() == userID {
		return a.requireChangeOwnPassword(ctx, who, ch)
	}
	forbidden := muster.E(muster.Forbidden, mayNotSetPassword)
	manages, err := a.core.CanSystem(ctx, who, muster.PermWriteUserManagementUsers)
	if err != nil {
		return err
	}
	if !manages {
		return forbidden
	}
	u, err := a.core.User(ctx, userID)
	if muster.IsKind(err, muster.NotFound) {
		return forbidden
	}
	if err != nil {
		return err
	}
	return core.WithRefusalID(a.core.RequireActOn(ctx, who, u), mayNotSetPassword)
}

func (a *Auth) requireChangeOwnPassword(ctx context.Context, who *core.Caller, ch PasswordChange) error {
	if ch.AlreadyHashed {
		return muster.E(muster.Unauthenticated, "api.user.update_password.user_and_hashed.app_error")
	}
	if ch.CurrentPassword == "" {
		return muster.InvalidParam("current_password")
	}
	u, err := a.core.User(ctx, who.ID())
	if err != nil {
		return err
	}
	if u.IsSSO() {
		return muster.E(muster.Invalid, "api.user.update_password.oauth.app_error")
	}
	err = a.ProveOwner(ctx, who, u, ch.CurrentPassword)
	if muster.HasID(err, "api.user.check_user_password.invalid.app_error") {
		return muster.E(muster.Invalid, "api.user.update_password.incorrect.app_error", err).On("current_password")
	}
	return err
}

// PasswordPolicy holds a new password of an account, given in that field, against PasswordSettings; kind Invalid, an id that names the rules it breaks.
func (a *Auth) PasswordPolicy(field, plain string, u *muster.User) error {
	c := a.core.Config().PasswordSettings
	return password.Policy{
		MinimumLength: c.MinimumLength, Lowercase: c.Lowercase, Uppercase: c.Uppercase, Number: c.Number, Symbol: c.Symbol,
		MinimumStrength: c.MinimumStrength, Breached: a.breached, Field: field,
	}.Check(plain, a.knownOf(u))
}

// knownOf is what others may know of an account: words that make a password easier to guess.
func (a *Auth) knownOf(u *muster.User) []string {
	return []string{a.core.Config().TeamSettings.SiteName, u.Username, u.Email, u.FirstName, u.LastName, u.Nickname}
}

// HashPassword waits among the caller's network for its turn to hash a new password. Kind Unavailable when too many wait already.
func (a *Auth) HashPassword(ctx context.Context, who *core.Caller, plain string) (string, error) {
	reservation, err := a.passwords.Reserve(ctx, who.Origin())
	if err != nil {
		return "", err
	}
	defer reservation.Release()
	return reservation.Hash(plain)
}
