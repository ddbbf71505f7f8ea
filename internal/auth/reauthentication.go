package auth

import (
	"context"
	"errors"

	"muster"
	"muster/internal/core"
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
func (a *Auth) ProofNeeded(who *core.Caller) ProofNeeded { return a.proofNeeded(who.User) }

func (a *Auth) proofNeeded(u *muster.User) ProofNeeded {
	return ProofNeeded{Password: !u.IsSSO() && u.Password != "", Code: a.TakesCode(u)}
}

var (
	// ErrNotByAccessToken refuses to an access token what only a session may do.
	ErrNotByAccessToken = muster.E(muster.Forbidden, "api.context.access_token_not_allowed.app_error")
	errStaleSession     = muster.E(muster.Forbidden, "api.context.reauthentication_required.app_error")
)

// Fresh reports whether the caller's session was proved to be its owner's recently enough for a change that matters.
func (a *Auth) Fresh(who *core.Caller) bool { return a.RequireFresh(who) == nil }

// RequireFresh refuses a change by which a stolen session or token could take an account over (OWASP ASVS 5.0, 7.5.1): kind Forbidden for an access
// token, and for a session whose owner did not prove lately who they are. The local socket is its machine's, not a session.
func (a *Auth) RequireFresh(who *core.Caller) error {
	interval := int64(a.core.Config().ServiceSettings.ReauthenticationIntervalInMinutes) * core.Minute
	switch s := who.Session; {
	case s == nil:
		return errNoSession
	case s.Local:
		return nil
	case s.OfAccessToken():
		return ErrNotByAccessToken
	case interval > 0 && a.core.Now()-s.AuthenticatedAt >= interval:
		return errStaleSession
	}
	return nil
}

// RequireFreshFor is RequireFresh for a change of the caller's own account; what people may do to others' accounts their permissions say.
func (a *Auth) RequireFreshFor(who *core.Caller, userID string) error {
	if who.ID() != userID {
		return nil
	}
	return a.RequireFresh(who)
}

// Reauthenticate takes what signing in takes and makes the caller's session fresh. Wrong passwords and codes count as at sign-in. An account that has
// nothing to show here passes while its session is fresh from the sign-in. Kinds: Invalid also for a wrong password or code, RateLimited for too many of
// them, Forbidden, Unauthenticated when the session ended meanwhile.
func (a *Auth) Reauthenticate(ctx context.Context, who *core.Caller, p Proof) error {
	if who.Session.OfAccessToken() {
		return ErrNotByAccessToken
	}
	u, err := a.core.User(ctx, who.ID())
	if err != nil {
		return err
	}
	needed := a.proofNeeded(u)
	if needed == (ProofNeeded{}) {
		return a.RequireFresh(who)
	}
	if needed.Password {
		if err := a.ProveOwner(ctx, who, u, p.Password); err != nil {
			return WithinSession(err)
		}
	}
	at := a.core.Now()
	err = a.proveByCode(ctx, who, u, p.Code, func(tx *store.Tx, f secondFactor) error {
		if err := tx.SetAuthenticated(ctx, u.ID, who.Session.ID, at); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "reauthenticated"+f.how()))
	})
	if err != nil {
		return core.Missing(WithinSession(err), muster.Unauthenticated, errNoSession.ID)
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

// ProveOwner asks for the account's password before a change that could take the account over. Wrong ones are counted by the caller's session: a stolen
// one can't try many, and attempts to sign in elsewhere don't keep the owner from changing anything.
func (a *Auth) ProveOwner(ctx context.Context, who *core.Caller, u *muster.User, password string) error {
	if u.IsSSO() || u.Password == "" {
		return muster.E(muster.Invalid, "api.user.update_password.oauth.app_error")
	}
	if password == "" {
		return muster.InvalidParam("password")
	}
	reservation, err := a.passwords.Reserve(ctx, who.Origin())
	if err != nil {
		return err
	}
	defer reservation.Release()
	at, err := a.reserveProof(ctx, who, u)
	if err != nil {
		return err
	}
	defer a.giveBack(ctx, at)
	ok, _, err := verify(reservation, at, u, password)
	if err != nil {
		return err
	}
	if !ok {
		if err := a.attemptFailed(ctx, who, "", u, at, wrongPassword); err != nil {
			return err
		}
		return errWrongPassword
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseAttempts(ctx, counters(at)) })
	if err != nil {
		return err
	}
	a.decided(at)
	return nil
}
