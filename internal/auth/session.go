package auth

import (
	"context"
	"errors"
	"fmt"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

var errNoSession = muster.E(muster.Unauthenticated, "api.context.session_expired.app_error")

// Authenticate finds the session and account behind a token.
// The error is of kind Unauthenticated when there is none, it has expired, or the account is deactivated.
func (a *Auth) Authenticate(ctx context.Context, token string) (*muster.Session, *muster.User, error) {
	s, u, err := a.Revalidate(ctx, token)
	if err == nil {
		a.activity.saw(s.ID, s.UserID, a.core.Now())
	}
	return s, u, err
}

// Revalidate is Authenticate for a connection that stays open: that it is there does not count as the account's activity,
// which would keep its session from ever ending.
func (a *Auth) Revalidate(ctx context.Context, token string) (*muster.Session, *muster.User, error) {
	if !muster.ValidID(token) {
		return nil, nil, errNoSession
	}
	s, err := a.cachedSession(ctx, core.HashToken(token))
	if err != nil {
		return nil, nil, err
	}
	if now := a.core.Now(); s.Session.Expired(now) || a.idle(s.Session, now) {
		return nil, nil, errNoSession
	}
	return s.Session, s.Account.User, nil
}

// cachedSession reads a session through the cache, and again once its account was forgotten.
func (a *Auth) cachedSession(ctx context.Context, hash core.TokenHash) (*core.CachedSession, error) {
	if s, ok := a.core.Cache.Sessions.GetIfPresent(hash); ok {
		if acc, ok := a.core.Cache.Accounts.GetIfPresent(s.Session.UserID); ok && acc == s.Account {
			return s, nil
		}
	}
	epoch := a.core.Cache.Epoch.Load()
	session, err := a.store.SessionByTokenHash(ctx, hash[:])
	if errors.Is(err, store.ErrNotFound) {
		session, err = a.tokenSession(ctx, hash)
	}
	if errors.Is(err, store.ErrNotFound) {
		a.core.Cache.Sessions.Invalidate(hash)
		return nil, errNoSession
	}
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	acc, err := a.core.Account(ctx, session.UserID)
	if muster.IsKind(err, muster.NotFound) {
		return nil, errNoSession
	}
	if err != nil {
		return nil, err
	}
	if acc.User.DeleteAt != 0 || session.OfAccessToken() && !a.tokensAllowed(acc.User) ||
		acc.User.IsGuest() && !a.core.Config().GuestAccountsSettings.Enable {
		return nil, errNoSession
	}
	s := &core.CachedSession{Session: session, Account: acc}
	a.core.Cache.Insert(epoch, func() { a.core.Cache.Sessions.Set(hash, s) })
	return s, nil
}

// idle reports whether SessionIdleTimeoutInMinutes ended the session; it applies when activity does not extend sessions.
func (a *Auth) idle(s *muster.Session, now int64) bool {
	c := a.core.Config().ServiceSettings
	if c.ExtendSessionLengthWithActivity || c.SessionIdleTimeoutInMinutes <= 0 || s.DeviceID != "" || s.OfAccessToken() {
		return false
	}
	last := max(s.LastActivityAt, a.activity.last(s.ID))
	return now-last > int64(c.SessionIdleTimeoutInMinutes)*core.Minute
}

// Sessions lists an account's sessions, most recently used first, without their tokens. Kinds: Forbidden, NotFound.
func (a *Auth) Sessions(ctx context.Context, who *core.Caller, userID string) ([]*muster.Session, error) {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	if _, err := a.core.User(ctx, userID); err != nil {
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
func (a *Auth) RevokeSession(ctx context.Context, who *core.Caller, userID, sessionID string) error {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
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
	return a.endSessions(ctx, who, userID, "session_id="+s.ID, func(tx *store.Tx) error { return tx.EndSession(ctx, userID, s.ID) })
}

func (a *Auth) sessionByID(ctx context.Context, id string) (*muster.Session, error) {
	if !muster.ValidID(id) {
		return nil, muster.E(muster.Invalid, "app.session.get.app_error")
	}
	s, err := a.store.Session(ctx, id)
	return s, core.Missing(err, muster.Invalid, "app.session.get.app_error")
}

// RevokeAllSessions ends every session of userID at once.
func (a *Auth) RevokeAllSessions(ctx context.Context, who *core.Caller, userID string) error {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return err
	}
	return a.endSessions(ctx, who, userID, "user_id="+userID, func(tx *store.Tx) error { return tx.EndSessions(ctx, userID, "") })
}

// endSessions runs end on an account that the caller may act on, and writes what it did into the history.
func (a *Auth) endSessions(ctx context.Context, who *core.Caller, userID, info string, end func(tx *store.Tx) error) error {
	may, err := a.core.AuthorityOver(ctx, who, userID)
	if err != nil {
		return err
	}
	return a.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockUser(ctx, userID); err != nil { // a login under way is waited for: its session ends, too
			return core.MissingAccount(err)
		}
		if err := may.RequireActOnUser(ctx, tx, userID); err != nil {
			return err
		}
		if err := end(tx); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, info))
	})
}

// RevokeOtherSessions ends every session of the caller's account but the one that asks.
func (a *Auth) RevokeOtherSessions(ctx context.Context, who *core.Caller) error {
	id := who.ID()
	return a.endSessions(ctx, who, id, "user_id="+id+" others", func(tx *store.Tx) error { return tx.EndSessions(ctx, id, who.Session.ID) })
}

// RevokeSessionsFromAllUsers ends every session there is, the caller's included.
func (a *Auth) RevokeSessionsFromAllUsers(ctx context.Context, who *core.Caller) error {
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return err
	}
	return a.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EndAllSessions(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, ""))
	})
}

// AttachDevice ties the caller's session to a mobile device and gives it a mobile session's length.
// The caller's other sessions of that device end. It returns the new expiry (Unix ms, 0: never).
func (a *Auth) AttachDevice(ctx context.Context, who *core.Caller, deviceID string) (expiresAt int64, err error) {
	if deviceID == "" || !muster.ValidText(deviceID, deviceIDMaxRunes) {
		return 0, muster.InvalidParam("device_id")
	}
	expiresAt = a.sessionEnd(a.core.Config().ServiceSettings.SessionLengthMobileInHours)
	if who.Session.OfAccessToken() { // it ends when the token does
		expiresAt = who.Session.ExpiresAt
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EndDeviceSessions(ctx, who.ID(), deviceID, who.Session.ID); err != nil {
			return err
		}
		if err := tx.SetDevice(ctx, who.ID(), who.Session.ID, deviceID, expiresAt); err != nil {
			return core.Missing(err, muster.Unauthenticated, errNoSession.ID)
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, ""))
	})
	if err != nil {
		return 0, err
	}
	return expiresAt, nil
}

// Audits lists everybody's history, newest first; needs read_audits or manage_system.
func (a *Auth) Audits(ctx context.Context, who *core.Caller, page core.Page) ([]*muster.Audit, error) {
	reads, err := a.core.CanSystem(ctx, who, muster.PermReadAudits)
	if err != nil {
		return nil, err
	}
	if !reads {
		if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
			return nil, err
		}
	}
	return a.store.Audits(ctx, "", page.Offset(), page.PerPage)
}

// UserAudits lists an account's history, newest first. Kinds: Forbidden, NotFound.
func (a *Auth) UserAudits(ctx context.Context, who *core.Caller, userID string, page core.Page) ([]*muster.Audit, error) {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	if _, err := a.core.User(ctx, userID); err != nil {
		return nil, err
	}
	list, err := a.store.Audits(ctx, userID, page.Offset(), page.PerPage)
	if err != nil || who.ID() == userID {
		return list, err // reading one's own history is no part of it: it would grow by being read
	}
	return list, a.core.SaveAudits(ctx, a.core.AuditSelf(who, "user_id="+userID))
}
