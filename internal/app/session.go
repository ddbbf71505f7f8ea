package app

import (
	"context"
	"errors"
	"fmt"

	"muster"
	"muster/internal/store"
)

var errNoSession = muster.E(muster.Unauthenticated, "api.context.session_expired.app_error")

// Authenticate finds the session and account behind a token.
// The error is of kind Unauthenticated when there is none, it has expired, or the account is deactivated.
func (a *App) Authenticate(ctx context.Context, token string) (*muster.Session, *muster.User, error) {
	s, u, err := a.StillSignedIn(ctx, token)
	if err == nil {
		a.activity.saw(s.ID, s.UserID, a.now())
	}
	return s, u, err
}

// StillSignedIn is Authenticate for a connection that stays open: that it is there does not count as the account's activity,
// which would keep its session from ever ending.
func (a *App) StillSignedIn(ctx context.Context, token string) (*muster.Session, *muster.User, error) {
	if !muster.ValidID(token) {
		return nil, nil, errNoSession
	}
	s, err := a.signIn(ctx, hashToken(token))
	if err != nil {
		return nil, nil, err
	}
	if now := a.now(); s.session.Expired(now) || a.idle(s.session, now) {
		return nil, nil, errNoSession
	}
	return s.session, s.account.user, nil
}

// signIn reads a session through the cache, and again once its account was forgotten.
func (a *App) signIn(ctx context.Context, hash tokenHash) (*signIn, error) {
	if s, ok := a.cache.signIns.GetIfPresent(hash); ok {
		if acc, ok := a.cache.accounts.GetIfPresent(s.session.UserID); ok && acc == s.account {
			return s, nil
		}
	}
	epoch := a.cache.epoch.Load()
	session, err := a.store.SessionByTokenHash(ctx, hash[:])
	if errors.Is(err, store.ErrNotFound) {
		session, err = a.tokenSession(ctx, hash)
	}
	if errors.Is(err, store.ErrNotFound) {
		a.cache.signIns.Invalidate(hash)
		return nil, errNoSession
	}
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	acc, err := a.account(ctx, session.UserID)
	if muster.IsKind(err, muster.NotFound) {
		return nil, errNoSession
	}
	if err != nil {
		return nil, err
	}
	if acc.user.DeleteAt != 0 || session.OfAccessToken() && !a.tokensAllowed(acc.user) ||
		acc.user.IsGuest() && !a.Config().GuestAccountsSettings.Enable {
		return nil, errNoSession
	}
	s := &signIn{session: session, account: acc}
	a.cache.insert(epoch, func() { a.cache.signIns.Set(hash, s) })
	return s, nil
}

// idle tells whether SessionIdleTimeoutInMinutes ended the session; it applies when activity does not extend sessions.
func (a *App) idle(s *muster.Session, now int64) bool {
	c := a.Config().ServiceSettings
	if c.ExtendSessionLengthWithActivity || c.SessionIdleTimeoutInMinutes <= 0 || s.DeviceID != "" || s.OfAccessToken() {
		return false
	}
	last := max(s.LastActivityAt, a.activity.last(s.ID))
	return now-last > int64(c.SessionIdleTimeoutInMinutes)*minute
}

// Sessions lists an account's sessions, most recently used first, without their tokens. Kinds: Forbidden, NotFound.
func (a *App) Sessions(ctx context.Context, who *Caller, userID string) ([]*muster.Session, error) {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	if _, err := a.user(ctx, userID); err != nil {
		return nil, err
	}
	list, err := a.store.Sessions(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	for _, s := range list {
		s.Token = ""
		s.LastActivityAt = max(s.LastActivityAt, a.activity.last(s.ID))
		if s.TeamMembers == nil {
			s.TeamMembers = []*muster.TeamMember{}
		}
	}
	return list, nil
}

// RevokeSession ends one of userID's sessions at once.
func (a *App) RevokeSession(ctx context.Context, who *Caller, userID, sessionID string) error {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return err
	}
	if sessionID == "" {
		return muster.InvalidParam("session_id")
	}
	s, err := a.sessionByID(ctx, sessionID)
	if err != nil {
		return err
	}
	if s.UserID != userID {
		return muster.InvalidURLParam("user_id")
	}
	guard, err := a.guard(ctx, who, userID)
	if err != nil {
		return err
	}
	err = a.store.DeleteSession(ctx, userID, s.ID, guard, a.auditSelf(who, "session_id="+s.ID))
	a.cache.forget(userID)
	return err
}

func (a *App) sessionByID(ctx context.Context, id string) (*muster.Session, error) {
	if !muster.ValidID(id) {
		return nil, muster.E(muster.Invalid, "app.session.get.app_error")
	}
	s, err := a.store.Session(ctx, id)
	return s, missing(err, muster.Invalid, "app.session.get.app_error")
}

// RevokeAllSessions ends every session of userID at once.
func (a *App) RevokeAllSessions(ctx context.Context, who *Caller, userID string) error {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return err
	}
	guard, err := a.guard(ctx, who, userID)
	if err != nil {
		return err
	}
	err = a.store.DeleteSessionsOf(ctx, userID, guard, a.auditSelf(who, "user_id="+userID))
	a.cache.forget(userID)
	return err
}

// RevokeOtherSessions ends every session of the caller's account but the one that asks.
func (a *App) RevokeOtherSessions(ctx context.Context, who *Caller) error {
	id := who.ID()
	up := store.UserUpdate{EndSessions: true, KeepSession: who.Session.ID, Apply: func(*muster.User) error { return nil }}
	_, _, err := a.store.UpdateUser(ctx, id, up, a.auditSelf(who, "user_id="+id+" others"))
	a.cache.forget(id)
	return missingAccount(err)
}

// RevokeSessionsFromAllUsers ends every session there is, the caller's included.
func (a *App) RevokeSessionsFromAllUsers(ctx context.Context, who *Caller) error {
	if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return err
	}
	err := a.store.DeleteAllSessions(ctx, a.auditSelf(who, ""))
	a.cache.forgetAll()
	return err
}

// AttachDevice ties the caller's session to a mobile device and gives it a mobile session's length.
// The caller's other sessions of that device end. It returns the new expiry (Unix ms, 0: never).
func (a *App) AttachDevice(ctx context.Context, who *Caller, deviceID string) (expiresAt int64, err error) {
	if deviceID == "" || !muster.ValidText(deviceID, deviceIDMaxRunes) {
		return 0, muster.InvalidParam("device_id")
	}
	expiresAt = a.sessionEnd(a.Config().ServiceSettings.SessionLengthMobileInHours)
	if who.Session.OfAccessToken() { // it ends when the token does
		expiresAt = who.Session.ExpiresAt
	}
	err = a.store.AttachDevice(ctx, who.ID(), who.Session.ID, deviceID, expiresAt, a.auditSelf(who, ""))
	if err != nil {
		return 0, missing(err, muster.Unauthenticated, errNoSession.ID)
	}
	a.cache.forget(who.ID())
	return expiresAt, nil
}

// Audits lists everybody's history, newest first; needs read_audits or manage_system.
func (a *App) Audits(ctx context.Context, who *Caller, page Page) ([]*muster.Audit, error) {
	reads, err := a.canSystem(ctx, who, muster.PermReadAudits)
	if err != nil {
		return nil, err
	}
	if !reads {
		if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
			return nil, err
		}
	}
	return a.store.Audits(ctx, "", page.Offset(), page.PerPage)
}

// UserAudits lists an account's history, newest first. Kinds: Forbidden, NotFound.
func (a *App) UserAudits(ctx context.Context, who *Caller, userID string, page Page) ([]*muster.Audit, error) {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	if _, err := a.user(ctx, userID); err != nil {
		return nil, err
	}
	list, err := a.store.Audits(ctx, userID, page.Offset(), page.PerPage)
	if err != nil || who.ID() == userID {
		return list, err // reading one's own history is no part of it: it would grow by being read
	}
	return list, a.store.SaveAudit(ctx, a.auditSelf(who, "user_id="+userID))
}
