package auth

import (
	"context"
	"errors"
	"fmt"

	"muster"
	"muster/internal/auth/totp"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	badCode     = "api.user.check_user_mfa.bad_code.app_error"
	missingCode = "mfa.validate_token.authenticate.app_error"
	notPending  = "mfa.activate.bad_token.app_error"
)

// mfaPurpose ties an encrypted secret to its account.
func mfaPurpose(userID string) string { return "mfa " + userID }

// GenerateMfaSecret makes a secret for an authenticator app. It counts once UpdateMfa has seen a code of it; until then an older one stays. For one's own
// account it takes a fresh session, as UpdateMfa does.
// Kinds: Forbidden, NotFound, Invalid where a sign-in service looks after that, Unimplemented when second factors are turned off.
func (a *Auth) GenerateMfaSecret(ctx context.Context, who *core.Caller, userID string) (*muster.MfaSecret, error) {
	u, err := a.accountForMfa(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	if err := a.requireFreshForMfa(who, u, true); err != nil {
		return nil, err
	}
	c := a.core.Config()
	if !c.ServiceSettings.EnableMultifactorAuthentication {
		return nil, muster.E(muster.Unimplemented, "mfa.mfa_disabled.app_error")
	}
	if err := ownsPassword(u); err != nil {
		return nil, err
	}
	secret := totp.NewSecret()
	e, err := totp.Enrolment(secret, c.TeamSettings.SiteName, u.Email)
	if err != nil {
		return nil, err
	}
	may, err := a.core.AuthorityOver(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		if err := may.RequireActOnUser(ctx, tx, userID); err != nil {
			return err
		}
		if err := tx.SetPendingMfa(ctx, userID, a.secrets.Encrypt(secret, mfaPurpose(userID))); err != nil {
			return core.MissingAccount(err)
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+userID))
	})
	return e, err
}

func (a *Auth) accountForMfa(ctx context.Context, who *core.Caller, userID string) (*muster.User, error) {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	return a.core.User(ctx, userID)
}

// requireFreshForMfa guards one's own second factor against a stolen session or token: with one of the thief's the owner could not sign in any more. Where
// the settings send people to set their first one up, they come with sessions of any age.
func (a *Auth) requireFreshForMfa(who *core.Caller, u *muster.User, activate bool) error {
	if who.ID() != u.ID {
		return nil // what people may do to others' accounts their permissions say
	}
	err := a.RequireFresh(who)
	if errors.Is(err, errStaleSession) && activate && !u.MfaActive && a.RequireMfaEnrolment(who) != nil {
		return nil
	}
	return err
}

// ownsPassword refuses accounts whose sign-in service looks after second factors.
func ownsPassword(u *muster.User) error {
	if u.IsSSO() && u.AuthService != "ldap" {
		return muster.E(muster.Invalid, "api.user.activate_mfa.email_and_ldap_only.app_error")
	}
	return nil
}

// UpdateMfa turns an account's second factor on, with a code of the generated secret, or off. Turning it on returns fresh recovery codes,
// shown this once. To change one's own takes a fresh session, except to set up the first where the settings enforce it. Kinds: Invalid, Unauthenticated for a wrong code, Forbidden, NotFound.
func (a *Auth) UpdateMfa(ctx context.Context, who *core.Caller, userID string, activate bool, code string) (recovery []string, err error) {
	u, err := a.accountForMfa(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	if err := a.requireFreshForMfa(who, u, activate); err != nil {
		return nil, err
	}
	may, err := a.core.AuthorityOver(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	audit := a.core.Audit(who, userID, fmt.Sprintf("user_id=%s activate=%v", userID, activate))
	if activate {
		return a.activateMfa(ctx, who, u, code, may, audit)
	}
	return nil, a.deactivateMfa(ctx, who, userID, may, audit)
}

func (a *Auth) activateMfa(ctx context.Context, who *core.Caller, before *muster.User, code string, may *core.Authority, audit *muster.Audit) (recovery []string, err error) {
	if !a.core.Config().ServiceSettings.EnableMultifactorAuthentication {
		return nil, muster.E(muster.Unimplemented, "mfa.mfa_disabled.app_error")
	}
	if err := ownsPassword(before); err != nil {
		return nil, err
	}
	refused := muster.E(muster.Unauthenticated, notPending).On("code")
	encrypted, secret, err := a.pendingMfa(ctx, before)
	if err != nil {
		return nil, core.MissingAccount(err)
	}
	if encrypted == "" {
		return nil, refused
	}
	// This code proves that the app was set up; it signs nobody in, so it is not counted as used.
	if _, ok := totp.Check(secret, code, a.core.Time(), 0); !ok {
		return nil, refused
	}
	recovery, hashes := newRecoveryCodes()
	_, _, err = a.core.ChangeUser(ctx, before.ID, may, func(tx *store.Tx, u *muster.User) error {
		if u.MfaActive && !before.MfaActive {
			return refused // another factor was turned on meanwhile
		}
		err := tx.TakePendingMfa(ctx, u.ID, encrypted)
		if errors.Is(err, store.ErrNotFound) {
			return refused // another secret was generated meanwhile
		}
		if err != nil {
			return err
		}
		if err := tx.ReplaceRecoveryCodes(ctx, u.ID, hashes); err != nil {
			return err
		}
		u.MfaActive, u.MfaSecret, u.UpdateAt = true, encrypted, a.core.Now()
		if err := tx.Enqueue(ctx, a.mailer.Notification(u, a.mailer.MfaMessage(u, true, who))...); err != nil {
			return err
		}
		return tx.Audit(ctx, audit)
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}

func (a *Auth) deactivateMfa(ctx context.Context, who *core.Caller, userID string, may *core.Authority, audit *muster.Audit) error {
	_, _, err := a.core.ChangeUser(ctx, userID, may, func(tx *store.Tx, u *muster.User) error {
		if u.MfaActive {
			if err := tx.Enqueue(ctx, a.mailer.Notification(u, a.mailer.MfaMessage(u, false, who))...); err != nil {
				return err
			}
		}
		u.MfaActive, u.MfaSecret, u.UpdateAt = false, "", a.core.Now()
		if err := tx.DeleteRecoveryCodes(ctx, userID); err != nil {
			return err
		}
		if err := tx.ClearMfaState(ctx, userID); err != nil {
			return err
		}
		return tx.Audit(ctx, audit)
	})
	return err
}

// PendingMfa returns the secret that the caller generated last, as long as no code of it has been entered. It takes what UpdateMfa takes, for whoever knows
// the secret has the second factor once it is on. Kinds: NotFound for none, Forbidden.
func (a *Auth) PendingMfa(ctx context.Context, who *core.Caller) (*muster.MfaSecret, error) {
	u, err := a.core.User(ctx, who.ID())
	if err != nil {
		return nil, err
	}
	encrypted, secret, err := a.pendingMfa(ctx, u)
	if err != nil {
		return nil, core.MissingAccount(err)
	}
	if encrypted == "" {
		return nil, muster.E(muster.NotFound, notPending)
	}
	if err := a.requireFreshForMfa(who, u, true); err != nil {
		return nil, err
	}
	return totp.Enrolment(secret, a.core.Config().TeamSettings.SiteName, u.Email)
}

// pendingMfa reads the secret that awaits its first code, as it is stored and as it is; "" for none.
func (a *Auth) pendingMfa(ctx context.Context, u *muster.User) (encrypted, secret string, err error) {
	state, err := a.store.MfaState(ctx, u.ID)
	if err != nil || state.Pending == "" {
		return "", "", err
	}
	if secret, err = a.secrets.Decrypt(state.Pending, mfaPurpose(u.ID)); err != nil {
		return "", "", fmt.Errorf("second factor of %s: %w", u.ID, err)
	}
	return state.Pending, secret, nil
}

// CheckMfa reports whether signing in by that name takes a one-time code. For a name that nobody has it takes none.
func (a *Auth) CheckMfa(ctx context.Context, loginID string) (bool, error) {
	u, err := a.userForLogin(ctx, LoginRequest{LoginID: loginID})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find account: %w", err)
	}
	return a.TakesCode(u), nil
}

// TakesCode reports whether signing in to an account takes a one-time code.
func (a *Auth) TakesCode(u *muster.User) bool {
	return u.MfaActive && a.core.Config().ServiceSettings.EnableMultifactorAuthentication
}

// secondFactor is what was shown besides the password, to be taken out of use (useSecondFactor).
type secondFactor struct {
	attempt  *attempt // nil where no code was asked for
	step     int64    // RFC 6238 time step of a one-time code, 0 for none
	recovery [][]byte // SHA-256 of each way to read a recovery code, nil for none
}

// how ends an audit.
func (f secondFactor) how() string {
	if f.recovery != nil {
		return " by a recovery code"
	}
	return ""
}

// checkSecondFactor holds a code against the account's, once the attempt is counted; it is up to the caller to give back the one of f.
// Kind Unauthenticated, ids of a missing or a bad code and of too many.
func (a *Auth) checkSecondFactor(ctx context.Context, who *core.Caller, u *muster.User, code string, f *secondFactor) (err error) {
	if !a.TakesCode(u) {
		return nil
	}
	if code == "" {
		return muster.E(muster.Unauthenticated, missingCode).On("code")
	}
	if f.attempt, err = a.reserveCode(ctx, who, u); err != nil {
		return err
	}
	if hashes, ok := totp.RecoveryCodeHashes(code); ok {
		f.recovery = hashes // whether it is one of the account's, its use tells
		return nil
	}
	step, ok, err := a.checkCode(ctx, u, code)
	if err != nil {
		return err
	}
	if !ok {
		return a.refuseCode(ctx, who, u, f.attempt)
	}
	f.step = step
	return nil
}

// checkCode returns the time step of a one-time code, if it is a good one.
func (a *Auth) checkCode(ctx context.Context, u *muster.User, code string) (step int64, ok bool, err error) {
	secret, err := a.secrets.Decrypt(u.MfaSecret, mfaPurpose(u.ID))
	if err != nil {
		return 0, false, fmt.Errorf("second factor of %s: %w", u.ID, err)
	}
	state, err := a.store.MfaState(ctx, u.ID)
	if err != nil {
		return 0, false, fmt.Errorf("second factor: %w", err)
	}
	step, ok = totp.Check(secret, code, a.core.Time(), state.UsedStep)
	return step, ok, nil
}

// useSecondFactor takes a code out of use in the transaction of what it allows, and has the owner of the account, which tx has locked, told of a recovery
// code. store.ErrCodeUsed when it is good no more.
func (a *Auth) useSecondFactor(ctx context.Context, who *core.Caller, tx *store.Tx, u *muster.User, f secondFactor) error {
	switch {
	case f.step != 0:
		return tx.UseCode(ctx, u.ID, f.step)
	case f.recovery != nil:
		left, err := tx.UseRecoveryCode(ctx, u.ID, f.recovery)
		if err != nil {
			return err
		}
		return tx.Enqueue(ctx, a.mailer.Notification(u, a.mailer.RecoveryCodeMessage(u, left, who))...)
	}
	return nil
}

// proveByCode checks a code, as checkSecondFactor does, and takes it out of use in the transaction of what then allows. store.ErrNotFound when the account's
// secrets have changed since u was read.
func (a *Auth) proveByCode(ctx context.Context, who *core.Caller, u *muster.User, code string, then func(*store.Tx, secondFactor) error) error {
	var p proof
	defer a.giveBackProof(ctx, &p)
	if err := a.checkSecondFactor(ctx, who, u, code, &p.factor); err != nil {
		return err
	}
	f := p.factor
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		now, err := lockProved(ctx, tx, u, false)
		if err != nil {
			return err
		}
		if err := a.useSecondFactor(ctx, who, tx, now, f); err != nil {
			return err
		}
		if err := then(tx, f); err != nil {
			return err
		}
		return tx.ReleaseAttempts(ctx, counters(f.attempt))
	})
	if errors.Is(err, store.ErrCodeUsed) {
		return a.refuseCode(ctx, who, u, f.attempt)
	}
	if err != nil {
		return err
	}
	a.decided(f.attempt)
	return nil
}

// refuseCode answers a wrong code, of an attempt that was counted.
func (a *Auth) refuseCode(ctx context.Context, who *core.Caller, u *muster.User, at *attempt) error {
	if err := a.attemptFailed(ctx, who, u.ID, u, at, wrongCode); err != nil {
		return err
	}
	return muster.E(muster.Unauthenticated, badCode, "user_id", u.ID).On("code")
}

// RequireMfaEnrolment answers kind Forbidden when the settings ask the caller for a second factor that its account has not set up: nothing but what
// setting it up needs is open to it then.
func (a *Auth) RequireMfaEnrolment(who *core.Caller) error {
	c, u := a.core.Config(), who.User
	if !c.ServiceSettings.EnableMultifactorAuthentication || !c.ServiceSettings.EnforceMultifactorAuthentication || u == nil {
		return nil
	}
	switch {
	case u.MfaActive, u.IsBot, ownsPassword(u) != nil:
		return nil
	case u.IsGuest() && !c.GuestAccountsSettings.EnforceMultifactorAuthentication:
		return nil
	}
	return muster.E(muster.Forbidden, "api.context.mfa_required.app_error")
}
