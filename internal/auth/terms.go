package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	noTerms     = "app.terms_of_service.get.no_rows.app_error"
	notAccepted = "app.user_terms_of_service.get_by_user.no_rows.app_error"
)

// CreateTerms puts new terms of service in force; needs manage_system. Kinds: Invalid, Forbidden.
func (a *Auth) CreateTerms(ctx context.Context, who *core.Caller, text string) (*muster.TermsOfService, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	if !a.core.Config().SupportSettings.CustomTermsOfServiceEnabled {
		return nil, muster.E(muster.Invalid, "api.create_terms_of_service.custom_terms_of_service_disabled.app_error")
	}
	t := &muster.TermsOfService{ID: muster.NewID(), CreateAt: a.core.Now(), UserID: who.ID(), Text: text}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	latest, err := a.store.Terms(ctx, "")
	switch {
	case err == nil && latest.Text == text:
		return latest, nil // nobody has to accept again what they accepted
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	err = a.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		if err := tx.InsertTerms(ctx, t); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "terms_of_service_id="+t.ID))
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// termsCache is the terms of service in force, read once and again after a change.
type termsCache struct {
	mu    sync.Mutex
	known bool
	terms *muster.TermsOfService // nil for none
}

// forget makes the next reader read the terms again, after a commit that changed them.
func (b *termsCache) forget(ch store.Changes) {
	if !ch.Terms {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = false
}

// termsInForce returns the terms of service, nil for none. They must not be changed.
func (a *Auth) termsInForce(ctx context.Context) (*muster.TermsOfService, error) {
	b := &a.terms
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known {
		return b.terms, nil
	}
	t, err := a.store.Terms(ctx, "")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("terms of service: %w", err)
	}
	if err != nil {
		t = nil
	}
	b.terms, b.known = t, true
	return t, nil
}

// RequireTermsAccepted returns kind Forbidden when the settings have the terms of service enforced for every session and the caller has yet to accept them:
// nothing but what that needs is open to it then. Bots, access tokens and the local socket are not asked.
func (a *Auth) RequireTermsAccepted(ctx context.Context, who *core.Caller) error {
	if !a.core.Config().SupportSettings.CustomTermsOfServiceEnforcedInAPI || who.User == nil || who.User.IsBot || who.Session.OfAccessToken() {
		return nil
	}
	t, err := a.TermsToAccept(ctx, who.User)
	if err != nil {
		return err
	}
	if t != nil {
		return muster.E(muster.Forbidden, "api.context.terms_of_service_required.app_error")
	}
	return nil
}

// Admit returns kind Forbidden while the caller has to do something about its account first: set up a second factor, accept the terms of service.
func (a *Auth) Admit(ctx context.Context, who *core.Caller) error {
	if err := a.RequireMfaEnrolment(who); err != nil {
		return err
	}
	return a.RequireTermsAccepted(ctx, who)
}

// Terms returns the terms of service in force; kind NotFound without any.
func (a *Auth) Terms(ctx context.Context) (*muster.TermsOfService, error) {
	t, err := a.store.Terms(ctx, "")
	return t, core.Missing(err, muster.NotFound, noTerms)
}

// AcceptTerms records that the caller accepts some terms, or takes its acceptance back. Kinds: Invalid, NotFound.
func (a *Auth) AcceptTerms(ctx context.Context, who *core.Caller, termsID string, accepted bool) error {
	return a.acceptTerms(ctx, who, who.ID(), termsID, accepted)
}

func (a *Auth) acceptTerms(ctx context.Context, who *core.Caller, userID, termsID string, accepted bool) error {
	if !muster.ValidID(termsID) {
		return muster.InvalidParam("termsOfServiceId")
	}
	if _, err := a.store.Terms(ctx, termsID); err != nil {
		return core.Missing(err, muster.NotFound, noTerms)
	}
	info := "termsOfServiceId=" + termsID + " rejected"
	if accepted {
		info = "termsOfServiceId=" + termsID + " accepted"
	}
	_, _, err := a.core.ChangeUser(ctx, userID, nil, func(tx *store.Tx, u *muster.User) error {
		u.UpdateAt = a.core.Now()
		u.TermsOfServiceID, u.TermsOfServiceCreateAt = "", 0
		if accepted {
			u.TermsOfServiceID, u.TermsOfServiceCreateAt = termsID, u.UpdateAt
		}
		return tx.Audit(ctx, a.core.Audit(who, userID, info))
	})
	return err
}

// TermsToAccept returns the terms of service that an account has yet to accept, because they are new or its acceptance is too old; nil for none.
func (a *Auth) TermsToAccept(ctx context.Context, u *muster.User) (*muster.TermsOfService, error) {
	if !a.core.Config().SupportSettings.CustomTermsOfServiceEnabled {
		return nil, nil
	}
	t, err := a.termsInForce(ctx)
	if err != nil || t == nil || u.TermsOfServiceID == t.ID && a.accepted(u) {
		return nil, err
	}
	return t, nil
}

// accepted reports whether an account's acceptance is recent enough to count.
func (a *Auth) accepted(u *muster.User) bool {
	period := int64(a.core.Config().SupportSettings.CustomTermsOfServiceReAcceptancePeriod) * core.Day
	return u.TermsOfServiceID != "" && u.TermsOfServiceCreateAt+period > a.core.Now()
}

// AcceptedTerms returns the caller's own acceptance; kind NotFound without one, and once
// CustomTermsOfServiceReAcceptancePeriod has passed since.
func (a *Auth) AcceptedTerms(ctx context.Context, who *core.Caller) (*muster.UserTermsOfService, error) {
	u, err := a.core.User(ctx, who.ID())
	if err != nil {
		return nil, err
	}
	if !a.accepted(u) {
		return nil, muster.E(muster.NotFound, notAccepted)
	}
	return &muster.UserTermsOfService{UserID: u.ID, TermsOfServiceID: u.TermsOfServiceID, CreateAt: u.TermsOfServiceCreateAt}, nil
}
