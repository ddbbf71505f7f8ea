package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	noAccessToken     = "app.user_access_token.get_by_user.app_error"
	tokenSessionYears = 100 // of a token without an end, as the reference server shows it
	tokenSearchMax    = 200
)

// CreateAccessToken makes a token by which programs act as the account; its text is shown this once. A bot's owner may make the bot's. It takes a fresh
// session, whosever the account is: a token outlives the session that made it.
// Kinds: Invalid, Forbidden, NotFound, Unimplemented when tokens are turned off.
func (a *Auth) CreateAccessToken(ctx context.Context, who *core.Caller, userID string, in *muster.AccessToken) (*muster.AccessToken, error) {
	if in.Description == "" {
		return nil, muster.InvalidParam("description")
	}
	if err := a.core.RequireSystem(ctx, who, muster.PermCreateUserAccessToken); err != nil {
		return nil, err
	}
	u, err := a.accountToEdit(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	if !a.tokensAllowed(u) {
		return nil, muster.E(muster.Unimplemented, "app.user_access_token.disabled")
	}
	if err := a.RequireFresh(who); err != nil {
		return nil, err
	}
	now := a.core.Now()
	t := &muster.AccessToken{ID: muster.NewID(), UserID: userID, Description: in.Description, IsActive: true, CreateAt: now}
	if t.ExpiresAt, err = a.tokenEnd(in.ExpiresAt); err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	text := muster.NewID()
	hash := core.HashToken(text)
	post := func(u *muster.User) []*store.Mail {
		return a.mailer.Notification(u, a.mailer.AccessTokenMessage(u, t, who))
	}
	guard, err := a.core.Guard(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	if err := a.store.CreateAccessToken(ctx, t, hash[:], guard, a.core.Config().StorageSettings.MaxAccessTokensPerUser, post, a.core.AuditSelf(who, "user_id="+userID+" token_id="+t.ID)); err != nil {
		return nil, core.MissingAccount(err)
	}
	t.Token = text
	return t, nil
}

// tokenEnd holds the end that is asked for (Unix ms, 0: none) against UserAccessTokenMaxLifetimeInDays.
func (a *Auth) tokenEnd(wanted int64) (int64, error) {
	now, days := a.core.Now(), int64(a.core.Config().ServiceSettings.UserAccessTokenMaxLifetimeInDays)
	latest := now + days*core.Day
	switch {
	case wanted < 0, wanted > 0 && wanted <= now, days > 0 && wanted > latest:
		return 0, muster.InvalidParam("expires_at")
	case days > 0 && wanted == 0:
		return latest, nil
	}
	return wanted, nil
}

// tokensAllowed tells whether the account may use access tokens: bots always, people by EnableUserAccessTokens.
func (a *Auth) tokensAllowed(u *muster.User) bool {
	return u.IsBot || a.core.Config().ServiceSettings.EnableUserAccessTokens
}

// accountToEdit reads an account that the caller may act for: its own, another with edit_other_users, a bot as its keeper.
// Kinds: Forbidden, NotFound.
func (a *Auth) accountToEdit(ctx context.Context, who *core.Caller, userID string) (*muster.User, error) {
	u, err := a.core.User(ctx, userID)
	if err != nil || !u.IsBot {
		if err := a.core.RequireEdit(ctx, who, userID); err != nil {
			return nil, err // before it is told whether there is such an account
		}
	}
	if err != nil {
		return nil, err
	}
	if u.IsBot && who.ID() != u.ID {
		if err := a.core.RequireManageBot(ctx, who, userID); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// AccessToken tells of a token, not its text. Kinds: Forbidden, NotFound.
func (a *Auth) AccessToken(ctx context.Context, who *core.Caller, id string) (*muster.AccessToken, error) {
	return a.accessTokenFor(ctx, who, id, muster.PermReadUserAccessToken)
}

// accessTokenFor reads a token of an account that the caller may act for, with a permission besides.
func (a *Auth) accessTokenFor(ctx context.Context, who *core.Caller, id string, p muster.Permission) (*muster.AccessToken, error) {
	if err := a.core.RequireSystem(ctx, who, p); err != nil {
		return nil, err
	}
	err := error(store.ErrNotFound)
	var t *muster.AccessToken
	if muster.ValidID(id) {
		t, err = a.store.AccessToken(ctx, id)
	}
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, noAccessToken)
	}
	_, err = a.accountToEdit(ctx, who, t.UserID)
	return t, err
}

// AccessTokens gives a page of everybody's tokens; needs manage_system.
func (a *Auth) AccessTokens(ctx context.Context, who *core.Caller, page core.Page) ([]*muster.AccessToken, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	return a.store.AccessTokens(ctx, "", page.Offset(), page.PerPage)
}

// AccessTokensOf gives a page of an account's tokens. Kinds: Forbidden, NotFound.
func (a *Auth) AccessTokensOf(ctx context.Context, who *core.Caller, userID string, page core.Page) ([]*muster.AccessToken, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermReadUserAccessToken); err != nil {
		return nil, err
	}
	if _, err := a.accountToEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	return a.store.AccessTokens(ctx, userID, page.Offset(), page.PerPage)
}

// SearchAccessTokens finds tokens by the beginning of their id, their account's id or username; needs manage_system.
func (a *Auth) SearchAccessTokens(ctx context.Context, who *core.Caller, term string) ([]*muster.AccessToken, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	if term == "" || !muster.ValidText(term, muster.TokenSearchMaxBytes) {
		return nil, muster.InvalidParam("term")
	}
	return a.store.SearchAccessTokens(ctx, term, tokenSearchMax)
}

// SetAccessTokenActive turns a token on, which takes a fresh session as making one does, or off at once. Kinds: Forbidden, NotFound.
func (a *Auth) SetAccessTokenActive(ctx context.Context, who *core.Caller, id string, active bool) error {
	p := muster.PermRevokeUserAccessToken
	if active {
		p = muster.PermCreateUserAccessToken
	}
	t, err := a.accessTokenFor(ctx, who, id, p)
	if err != nil {
		return err
	}
	if active {
		if err := a.RequireFresh(who); err != nil {
			return err
		}
	}
	guard, err := a.core.Guard(ctx, who, t.UserID)
	if err != nil {
		return err
	}
	err = a.store.SetAccessTokenActive(ctx, id, guard, active, a.core.AuditSelf(who, "token_id="+id))
	a.core.Cache.Forget(t.UserID)
	return core.Missing(err, muster.NotFound, noAccessToken)
}

// RevokeAccessToken ends a token at once and for good. Kinds: Forbidden, NotFound.
func (a *Auth) RevokeAccessToken(ctx context.Context, who *core.Caller, id string) error {
	t, err := a.accessTokenFor(ctx, who, id, muster.PermRevokeUserAccessToken)
	if err != nil {
		return err
	}
	guard, err := a.core.Guard(ctx, who, t.UserID)
	if err != nil {
		return err
	}
	err = a.store.DeleteAccessToken(ctx, id, guard, a.core.AuditSelf(who, "token_id="+id))
	a.core.Cache.Forget(t.UserID)
	return core.Missing(err, muster.NotFound, noAccessToken)
}

// tokenSession gives the session that stands for an access token, begun at its first use.
func (a *Auth) tokenSession(ctx context.Context, hash core.TokenHash) (*muster.Session, error) {
	s, err := a.store.StartTokenSession(ctx, hash[:], func(t *muster.AccessToken, u *muster.User) (*muster.Session, error) {
		if !a.tokensAllowed(u) {
			return nil, store.ErrNotFound
		}
		now := a.core.Now()
		s := &muster.Session{
			ID: muster.NewID(), UserID: u.ID, Roles: u.Roles, CreateAt: now, LastActivityAt: now, ExpiresAt: t.ExpiresAt,
			Props: map[string]string{
				muster.SessionPropType: muster.SessionTypeAccessToken, muster.SessionPropTokenID: t.ID,
				muster.SessionPropIsGuest: strconv.FormatBool(u.IsGuest()),
			},
		}
		if s.ExpiresAt == 0 {
			s.ExpiresAt = now + tokenSessionYears*365*core.Day
		}
		if u.IsBot {
			s.Props[muster.SessionPropIsBot] = "true"
		}
		return s, nil
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("session of an access token: %w", err)
	}
	return s, err
}
