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

// mfaPurpose ties a sealed secret to its account.
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
	guard, err := a.core.Guard(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	return e, core.MissingAccount(a.store.SaveMfaPending(ctx, userID, a.secrets.Encrypt(secret, mfaPurpose(userID)), guard, a.core.AuditSelf(who, "user_id="+userID)))
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

// UpdateMfa turns an account's second factor on, with a code of the generated secret, or off. Turned on it gives fresh recovery codes,
// shown this once. To change one's own takes a fresh session, except to set up the first where the settings enforce it. Kinds: Invalid, Unauthenticated for a wrong code, Forbidden, NotFound.
func (a *Auth) UpdateMfa(ctx context.Context, who *core.Caller, userID string, activate bool, code string) (recovery []string, err error) {
	u, err := a.accountForMfa(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	if err := a.requireFreshForMfa(who, u, activate); err != nil {
		return nil, err
	}
	audit := a.core.Audit(who, userID, fmt.Sprintf("user_id=%s activate=%v", userID, activate))
	guard, err := a.core.Guard(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	var after *muster.User
	if activate {
		recovery, after, err = a.activateMfa(ctx, who, u, code, guard, audit)
	} else {
		_, after, err = a.store.DeactivateMfa(ctx, userID, guard, func(before *muster.User) []*store.Mail {
			if !before.MfaActive {
				return nil
			}
			return a.mailer.Notification(before, a.mailer.MfaMessage(before, false, who))
		}, audit)
	}
	a.core.Cache.Forget(userID)
	if err != nil {
		return nil, core.MissingAccount(err)
	}
	a.core.PublishUserUpdated(after)
	return recovery, nil
}

func (a *Auth) activateMfa(ctx context.Context, who *core.Caller, u *muster.User, code string, guard store.Guard, audit *muster.Audit) ([]string, *muster.User, error) {
	if !a.core.Config().ServiceSettings.EnableMultifactorAuthentication {
		return nil, nil, muster.E(muster.Unimplemented, "mfa.mfa_disabled.app_error")
	}
	if err := ownsPassword(u); err != nil {
		return nil, nil, err
	}
	refused := muster.E(muster.Unauthenticated, notPending).On("code")
	sealed, secret, err := a.pendingMfa(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	if sealed == "" {
		return nil, nil, refused
	}
	// This code proves that the app was set up; it signs nobody in, so it is not counted as used.
	if _, ok := totp.Check(secret, code, a.core.Time(), 0); !ok {
		return nil, nil, refused
	}
	codes, hashes := newRecoveryCodes()
	post := func(u *muster.User) []*store.Mail { return a.mailer.Notification(u, a.mailer.MfaMessage(u, true, who)) }
	_, after, err := a.store.ActivateMfa(ctx, u.ID, sealed, u.MfaActive, hashes, guard, post, audit)
	if errors.Is(err, store.ErrNotFound) {
		err = refused // another secret was generated meanwhile, or another factor turned on
	}
	return codes, after, err
}

// PendingMfa returns the secret that the caller generated last, as long as no code of it has been entered. It takes what UpdateMfa takes, for whoever knows
// the secret has the second factor once it is on. Kinds: NotFound for none, Forbidden.
func (a *Auth) PendingMfa(ctx context.Context, who *core.Caller) (*muster.MfaSecret, error) {
	u, err := a.core.User(ctx, who.ID())
	if err != nil {
		return nil, err
	}
	sealed, secret, err := a.pendingMfa(ctx, u)
	if err != nil {
		return nil, core.MissingAccount(err)
	}
	if sealed == "" {
		return nil, muster.E(muster.NotFound, notPending)
	}
	if err := a.requireFreshForMfa(who, u, true); err != nil {
		return nil, err
	}
	return totp.Enrolment(secret, a.core.Config().TeamSettings.SiteName, u.Email)
}

// pendingMfa reads the secret that awaits its first code, as it is kept and as it is; "" for none.
func (a *Auth) pendingMfa(ctx context.Context, u *muster.User) (sealed, secret string, err error) {
	state, err := a.store.MfaState(ctx, u.ID)
	if err != nil || state.Pending == "" {
		return "", "", err
	}
	if secret, err = a.secrets.Decrypt(state.Pending, mfaPurpose(u.ID)); err != nil {
		return "", "", fmt.Errorf("second factor of %s: %w", u.ID, err)
	}
	return state.Pending, secret, nil
}

// CheckMfa tells whether signing in by that name takes a one-time code. For a name that nobody has it takes none.
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

// TakesCode tells whether signing in to an account takes a one-time code.
func (a *Auth) TakesCode(u *muster.User) bool {
	return u.MfaActive && a.core.Config().ServiceSettings.EnableMultifactorAuthentication
}

// secondFactor is what a sign-in showed besides the password, for the store to take out of use.
type secondFactor struct {
	attempt  *attempt // nil where no code was asked for
	step     int64
	recovery *store.RecoveryCode
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
		post := func(u *muster.User, left int64) []*store.Mail {
			return a.mailer.Notification(u, a.mailer.RecoveryCodeMessage(u, left, who))
		}
		f.recovery = &store.RecoveryCode{Hashes: hashes, Post: post} // whether it is one of the account's, the store tells as it takes it
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

// spend checks a code, as checkSecondFactor does, and takes it out of use by what the store does with it.
func (a *Auth) spend(ctx context.Context, who *core.Caller, u *muster.User, code string, use func(secondFactor, store.SessionOptions) error) error {
	var p proof
	defer a.giveBackProof(ctx, &p)
	if err := a.checkSecondFactor(ctx, who, u, code, &p.factor); err != nil {
		return err
	}
	f := p.factor
	err := use(f, store.SessionOptions{MfaStep: f.step, Recovery: f.recovery, Attempts: f.attempt.counters()})
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
