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
	loginFlowLife   = 15 * core.Minute
	returnToMaxSize = 2048 // bytes
	expiredLogin    = "app.sign_in.expired.app_error"
	declinedTerms   = "app.sign_in.terms_declined.app_error"
)

// LoginStep is what a login flow waits for.
type LoginStep string

// The steps after the first, which shows who it is.
const (
	StepCode  LoginStep = "code"  // a one-time or recovery code
	StepTerms LoginStep = "terms" // acceptance of the terms of service
	StepDone  LoginStep = "done"  // nothing more
)

// LoginFlow is a login by steps, for a browser that shows a page for each (docs/adr/0014-outbox-and-sign-in.md).
type LoginFlow struct {
	Token     string // of the stored login flow, which later steps name; "" once there is a session
	Step      LoginStep
	ReturnTo  string                 // as the first step was given it
	ExpiresAt int64                  // Unix ms
	Terms     *muster.TermsOfService // at StepTerms
	Session   *muster.Session        // what the last step began, nil before; its Token is shown this once
	User      *muster.User
}

// BeginLogin takes the first step, by password, and returns what comes next. Errors as Login's; the request's code and device are ignored.
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
	stored := &store.LoginFlow{
		UserID: u.ID, Password: u.Password, BetterHash: p.rehash, MfaActive: u.MfaActive, MfaSecret: u.MfaSecret,
		ReturnTo: returnTo, ExpiresAt: a.core.Now() + loginFlowLife,
	}
	flow, err := a.nextStep(ctx, u, stored)
	if err != nil {
		return nil, err
	}
	if flow.Step == StepDone {
		return a.finishLogin(ctx, who, u, flow, p)
	}
	flow.Token = muster.NewMailToken()
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.InsertLoginFlow(ctx, mailer.MailTokenHash(flow.Token), stored); err != nil {
			return err
		}
		return tx.ReleaseAttempts(ctx, counters(p.attempt))
	})
	if err != nil {
		return nil, err
	}
	a.decided(p.attempt)
	return flow, nil
}

// LoginFlow returns what a login flow waits for. Kind Unauthenticated once it expired, ended, or the account's secrets changed since it began.
func (a *Auth) LoginFlow(ctx context.Context, token string) (*LoginFlow, error) {
	u, stored, _, err := a.storedLoginFlow(ctx, token)
	if err != nil {
		return nil, err
	}
	flow, err := a.nextStep(ctx, u, stored)
	if err != nil {
		return nil, err
	}
	flow.Token = token
	return flow, nil
}

// LoginCode takes the step of the one-time or recovery code. A wrong one is counted, and the login flow goes on.
// Kind Unauthenticated.
func (a *Auth) LoginCode(ctx context.Context, who *core.Caller, token, code string) (*LoginFlow, error) {
	u, stored, hash, err := a.storedLoginFlow(ctx, token)
	if err != nil {
		return nil, err
	}
	if !stored.FactorPassed && a.TakesCode(u) {
		if err := a.passFactor(ctx, who, u, hash, code); err != nil {
			return nil, a.maskLogin(err)
		}
		stored.FactorPassed = true
	}
	return a.advance(ctx, who, u, stored, token)
}

func (a *Auth) passFactor(ctx context.Context, who *core.Caller, u *muster.User, hash []byte, code string) error {
	err := a.proveByCode(ctx, who, u, code, func(tx *store.Tx, f secondFactor) error {
		if err := tx.PassFactor(ctx, hash); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.Audit(who, u.ID, "code accepted"+f.how()))
	})
	return core.Missing(err, muster.Unauthenticated, expiredLogin)
}

// LoginTerms takes the step of the terms of service; who declines them does not sign in. Kinds: Unauthenticated, Forbidden for declined, Invalid, NotFound.
func (a *Auth) LoginTerms(ctx context.Context, who *core.Caller, token, termsID string, accepted bool) (*LoginFlow, error) {
	u, stored, _, err := a.storedLoginFlow(ctx, token)
	if err != nil {
		return nil, err
	}
	if flow, err := a.nextStep(ctx, u, stored); err != nil || flow.Step != StepTerms { // the code comes first
		return flow, err
	}
	if err := a.acceptTerms(ctx, who, u.ID, termsID, accepted); err != nil {
		return nil, err
	}
	if !accepted {
		return nil, errors.Join(muster.E(muster.Forbidden, declinedTerms), a.CancelLogin(ctx, token))
	}
	if u, stored, _, err = a.storedLoginFlow(ctx, token); err != nil { // the account was changed by that, and perhaps otherwise
		return nil, err
	}
	return a.advance(ctx, who, u, stored, token)
}

// CancelLogin ends a login flow; a token of none is no error.
func (a *Auth) CancelLogin(ctx context.Context, token string) error {
	err := a.store.Write(ctx, func(tx *store.Tx) error { return tx.DeleteLoginFlow(ctx, mailer.MailTokenHash(token)) })
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// storedLoginFlow reads a login flow and its account, which must still be what the first step saw.
func (a *Auth) storedLoginFlow(ctx context.Context, token string) (*muster.User, *store.LoginFlow, []byte, error) {
	over := muster.E(muster.Unauthenticated, expiredLogin)
	if !muster.ValidMailToken(token) {
		return nil, nil, nil, over
	}
	hash := mailer.MailTokenHash(token)
	stored, err := a.store.LoginFlow(ctx, hash)
	if err != nil {
		return nil, nil, nil, core.Missing(err, over.Kind, over.ID)
	}
	u, err := a.store.User(ctx, stored.UserID)
	if err != nil {
		return nil, nil, nil, core.Missing(err, over.Kind, over.ID)
	}
	if stored.ExpiresAt <= a.core.Now() || u.Password != stored.Password || u.MfaActive != stored.MfaActive || u.MfaSecret != stored.MfaSecret {
		return nil, nil, nil, over
	}
	return u, stored, hash, a.requireLoginAllowed(u)
}

// nextStep is the one place that says in which order the steps come.
func (a *Auth) nextStep(ctx context.Context, u *muster.User, stored *store.LoginFlow) (*LoginFlow, error) {
	flow := &LoginFlow{ReturnTo: stored.ReturnTo, ExpiresAt: stored.ExpiresAt, User: u.Sanitized(muster.Visibility{Self: true}), Step: StepDone}
	if a.TakesCode(u) && !stored.FactorPassed {
		flow.Step = StepCode
		return flow, nil
	}
	terms, err := a.TermsToAccept(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("terms of service: %w", err)
	}
	if terms != nil {
		flow.Step, flow.Terms = StepTerms, terms
	}
	return flow, nil
}

func (a *Auth) advance(ctx context.Context, who *core.Caller, u *muster.User, stored *store.LoginFlow, token string) (*LoginFlow, error) {
	flow, err := a.nextStep(ctx, u, stored)
	if err != nil {
		return nil, err
	}
	if flow.Step == StepDone {
		return a.finishLogin(ctx, who, u, flow, proof{rehash: stored.BetterHash, flow: mailer.MailTokenHash(token)})
	}
	flow.Token = token
	return flow, nil
}

// finishLogin begins the session, in the transaction that ends the stored login flow if there is one.
func (a *Auth) finishLogin(ctx context.Context, who *core.Caller, u *muster.User, flow *LoginFlow, p proof) (*LoginFlow, error) {
	s, err := a.startSession(ctx, who, u, "", p)
	if err != nil {
		return nil, a.maskLogin(err)
	}
	flow.Session = s
	return flow, nil
}
