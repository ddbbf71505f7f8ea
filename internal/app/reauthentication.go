package app

import (
	"context"
	"errors"

	"muster"
	"muster/internal/store"
)

// Proof is what shows again who somebody is: what signing in takes (docs/adr/0021-reauthentication.md).
type Proof struct {
	Password string
	Code     string // one-time code of the second factor, or a recovery code
}

// ProofNeeded is what an account's Proof has to hold. Nothing of it: only a new sign-in, at the service that looks after the account, is proof.
type ProofNeeded struct{ Password, Code bool }

// ProofNeeded returns what Reauthenticate asks the caller for.
func (a *App) ProofNeeded(who *Caller) ProofNeeded { return a.proofNeeded(who.User) }

func (a *App) proofNeeded(u *muster.User) ProofNeeded {
	return ProofNeeded{Password: !u.IsSSO() && u.Password != "", Code: a.takesCode(u)}
}

var (
	errNotByAccessToken = muster.E(muster.Forbidden, "api.context.access_token_not_allowed.app_error")
	errStaleSession     = muster.E(muster.Forbidden, "api.context.reauthentication_required.app_error")
)

// Fresh reports whether the caller's session was proved to be its owner's recently enough for a change that matters.
func (a *App) Fresh(who *Caller) bool { return a.requireFresh(who) == nil }

// requireFresh refuses a change by which a stolen session or token could take an account over (OWASP ASVS 5.0, 7.5.1): kind Forbidden for an access
// token, and for a session whose owner did not prove lately who they are. The local socket is its machine's, not a session.
func (a *App) requireFresh(who *Caller) error {
	interval := int64(a.Config().ServiceSettings.ReauthenticationIntervalInMinutes) * minute
	switch s := who.Session; {
	case s == nil:
		return errNoSession
	case s.Local:
		return nil
	case s.OfAccessToken():
		return errNotByAccessToken
	case interval > 0 && a.now()-s.AuthenticatedAt >= interval:
		return errStaleSession
	}
	return nil
}

// requireFreshFor is requireFresh for a change of the caller's own account; what people may do to others' accounts their permissions say.
func (a *App) requireFreshFor(who *Caller, userID string) error {
	if who.ID() != userID {
		return nil
	}
	return a.requireFresh(who)
}

// Reauthenticate takes what signing in takes and makes the caller's session fresh. Wrong passwords and codes count as at sign-in. An account that has
// nothing to show here passes while its session is fresh from the sign-in. Kinds: Invalid also for a wrong password or code, RateLimited for too many of
// them, Forbidden, Unauthenticated when the session ended meanwhile.
func (a *App) Reauthenticate(ctx context.Context, who *Caller, p Proof) error {
	if who.Session.OfAccessToken() {
		return errNotByAccessToken
	}
	u, err := a.user(ctx, who.ID())
	if err != nil {
		return err
	}
	needed := a.proofNeeded(u)
	if needed == (ProofNeeded{}) {
		return a.requireFresh(who)
	}
	if needed.Password {
		if err := a.proveOwner(ctx, who, u, p.Password); err != nil {
			return WithinSession(err)
		}
	}
	at := a.now()
	err = a.spend(ctx, who, u, p.Code, func(f secondFactor, o store.SessionOptions) error {
		return a.store.Reauthenticate(ctx, who.Session.ID, u, at, o, a.auditSelf(who, "reauthenticated"+f.how()))
	})
	a.cache.forget(u.ID)
	if err != nil {
		return missing(WithinSession(err), muster.Unauthenticated, errNoSession.ID)
	}
	fresh := *who.Session
	fresh.AuthenticatedAt = at
	who.Session = &fresh
	return nil
}

// WithinSession returns the refusal of a password or code as it is told to who is signed in: kind Invalid, or RateLimited for too many. Clients take a 401
// as the end of the session (RFC 9110, 15.5.2), those of the reference server too.
func WithinSession(err error) error {
	e, ok := errors.AsType[*muster.Error](err)
	if !ok || e.Kind != muster.Unauthenticated {
		return err
	}
	refused := *e
	refused.Kind = muster.Invalid
	if refused.RetryAfter > 0 {
		refused.Kind = muster.RateLimited
	}
	return &refused
}
