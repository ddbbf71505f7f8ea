package auth

import (
	"context"
	"errors"
	"fmt"

	"muster"
	"muster/internal/core"
	"muster/internal/mailer"
	"muster/internal/store"
)

const (
	signInLife      = 15 * core.Minute
	returnToMaxSize = 2048 // bytes
	expiredSignIn   = "app.sign_in.expired.app_error"
	declinedTerms   = "app.sign_in.terms_declined.app_error"
)

// LoginStep is what a sign-in waits for.
type LoginStep string

// The steps after the first, which shows who it is.
const (
	StepCode  LoginStep = "code"  // a one-time or recovery code
	StepTerms LoginStep = "terms" // acceptance of the terms of service
	StepDone  LoginStep = "done"  // nothing more
)

// LoginFlow is a sign-in by steps, for a browser that shows a page for each (docs/adr/0014-outbox-and-sign-in.md).
type LoginFlow struct {
	Token     string // of the stored sign-in, which later steps name; "" once there is a session
	Step      LoginStep
	ReturnTo  string                 // as the first step was given it
	ExpiresAt int64                  // Unix ms
	Terms     *muster.TermsOfService // at StepTerms
	Session   *muster.Session        // what the last step began, nil before; its Token is shown this once
	User      *muster.User
}

// BeginLogin takes the first step, by password, and gives what comes next. Errors as Login's; the request's code and device are not looked at.
func (a *Auth) BeginLogin(ctx context.Context, who *core.Caller, req LoginRequest, returnTo string) (*LoginFlow, error) {
	if len(returnTo) > returnToMaxSize || !muster.ValidText(returnTo, returnToMaxSize) {
		returnTo = ""
	}
	var p proof
	defer a.giveBackProof(ctx, &p)
	u, err := a.checkLogin(ctx, who, req, &p)
	if err != nil {
		return nil, a.maskLogin(err)
	}
	kept := &store.SignIn{
		UserID: u.ID, Password: u.Password, BetterHash: p.rehash, MfaActive: u.MfaActive, MfaSecret: u.MfaSecret,
		ReturnTo: returnTo, ExpiresAt: a.core.Now() + signInLife,
	}
	in, err := a.nextStep(ctx, u, kept)
	if err != nil {
		return nil, err
	}
	if in.Step == StepDone {
		return a.finishLogin(ctx, who, u, in, p)
	}
	in.Token = muster.NewMailToken()
	if err := a.store.SaveSignIn(ctx, mailer.MailTokenHash(in.Token), kept, p.attempt.counters()); err != nil {
		return nil, err
	}
	a.decided(p.attempt)
	return in, nil
}

// LoginFlow tells what a sign-in waits for. Kind Unauthenticated once it ran out, ended or was held against what changed since.
func (a *Auth) LoginFlow(ctx context.Context, token string) (*LoginFlow, error) {
	u, kept, _, err := a.storedLoginFlow(ctx, token)
	if err != nil {
		return nil, err
	}
	in, err := a.nextStep(ctx, u, kept)
	if err != nil {
		return nil, err
	}
	in.Token = token
	return in, nil
}

// LoginCode takes the step of the one-time or recovery code. A wrong one is counted, and the sign-in goes on.
// Kind Unauthenticated.
func (a *Auth) LoginCode(ctx context.Context, who *core.Caller, token, code string) (*LoginFlow, error) {
	u, kept, hash, err := a.storedLoginFlow(ctx, token)
	if err != nil {
		return nil, err
	}
	if !kept.FactorPassed && a.TakesCode(u) {
		if err := a.passFactor(ctx, who, u, hash, code); err != nil {
			return nil, a.maskLogin(err)
		}
		kept.FactorPassed = true
	}
	return a.advance(ctx, who, u, kept, token)
}

func (a *Auth) passFactor(ctx context.Context, who *core.Caller, u *muster.User, hash []byte, code string) error {
	return a.spend(ctx, who, u, code, func(f secondFactor, o store.SessionOptions) error {
		err := a.store.PassFactor(ctx, hash, u.ID, o, a.core.Audit(who, u.ID, "code accepted"+f.how()))
		return core.Missing(err, muster.Unauthenticated, expiredSignIn)
	})
}

// LoginTerms takes the step of the terms of service; who declines them does not sign in. Kinds: Unauthenticated, Forbidden for declined, Invalid, NotFound.
func (a *Auth) LoginTerms(ctx context.Context, who *core.Caller, token, termsID string, accepted bool) (*LoginFlow, error) {
	u, kept, hash, err := a.storedLoginFlow(ctx, token)
	if err != nil {
		return nil, err
	}
	if in, err := a.nextStep(ctx, u, kept); err != nil || in.Step != StepTerms { // the code comes first
		return in, err
	}
	if err := a.acceptTerms(ctx, who, u.ID, termsID, accepted); err != nil {
		return nil, err
	}
	if !accepted {
		return nil, errors.Join(muster.E(muster.Forbidden, declinedTerms), a.store.DeleteSignIn(ctx, hash))
	}
	if u, kept, _, err = a.storedLoginFlow(ctx, token); err != nil { // the account was changed by that, and perhaps otherwise
		return nil, err
	}
	return a.advance(ctx, who, u, kept, token)
}

// CancelLogin gives a sign-in up; one that is none is no error.
func (a *Auth) CancelLogin(ctx context.Context, token string) error {
	return a.store.DeleteSignIn(ctx, mailer.MailTokenHash(token))
}

// storedLoginFlow reads a sign-in and its account, which must still be what the first step saw.
func (a *Auth) storedLoginFlow(ctx context.Context, token string) (*muster.User, *store.SignIn, []byte, error) {
	over := muster.E(muster.Unauthenticated, expiredSignIn)
	if !muster.ValidMailToken(token) {
		return nil, nil, nil, over
	}
	hash := mailer.MailTokenHash(token)
	kept, err := a.store.SignIn(ctx, hash)
	if err != nil {
		return nil, nil, nil, core.Missing(err, over.Kind, over.ID)
	}
	u, err := a.store.User(ctx, kept.UserID)
	if err != nil {
		return nil, nil, nil, core.Missing(err, over.Kind, over.ID)
	}
	if kept.ExpiresAt <= a.core.Now() || u.Password != kept.Password || u.MfaActive != kept.MfaActive || u.MfaSecret != kept.MfaSecret {
		return nil, nil, nil, over
	}
	return u, kept, hash, a.requireLoginAllowed(u)
}

// nextStep is the one place that says in which order the steps come.
func (a *Auth) nextStep(ctx context.Context, u *muster.User, kept *store.SignIn) (*LoginFlow, error) {
	in := &LoginFlow{ReturnTo: kept.ReturnTo, ExpiresAt: kept.ExpiresAt, User: u.Sanitized(muster.Visibility{Self: true}), Step: StepDone}
	if a.TakesCode(u) && !kept.FactorPassed {
		in.Step = StepCode
		return in, nil
	}
	terms, err := a.TermsToAccept(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("terms of service: %w", err)
	}
	if terms != nil {
		in.Step, in.Terms = StepTerms, terms
	}
	return in, nil
}

func (a *Auth) advance(ctx context.Context, who *core.Caller, u *muster.User, kept *store.SignIn, token string) (*LoginFlow, error) {
	in, err := a.nextStep(ctx, u, kept)
	if err != nil {
		return nil, err
	}
	if in.Step == StepDone {
		return a.finishLogin(ctx, who, u, in, proof{rehash: kept.BetterHash, signIn: mailer.MailTokenHash(token)})
	}
	in.Token = token
	return in, nil
}

// finishLogin starts the session, in the transaction that ends the stored sign-in if there is one.
func (a *Auth) finishLogin(ctx context.Context, who *core.Caller, u *muster.User, in *LoginFlow, p proof) (*LoginFlow, error) {
	s, err := a.startSession(ctx, who, u, "", p)
	if err != nil {
		return nil, a.maskLogin(err)
	}
	in.Session = s
	return in, nil
}
