package auth

import (
	"context"
	"errors"
	"fmt"

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
	may, err := a.core.AuthorityOver(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	text := muster.NewID()
	if err := a.store.WriteGrowing(ctx, func(tx *store.Tx) error { return a.addAccessToken(ctx, who, tx, may, t, text) }); err != nil {
		return nil, err
	}
	t.Token = text
	return t, nil
}

// addAccessToken stores a token, unless its account has as many as it may, and has the account's owner told.
func (a *Auth) addAccessToken(ctx context.Context, who *core.Caller, tx *store.Tx, may *core.Authority, t *muster.AccessToken, text string) error {
	u, err := tx.LockUser(ctx, t.UserID)
	if err != nil {
		return core.MissingAccount(err)
	}
	if err := may.RequireActOn(ctx, tx, u); err != nil {
		return err
	}
	n, err := tx.CountAccessTokens(ctx, u.ID)
	if err != nil {
		return err
	}
	if most := a.core.Config().StorageSettings.MaxAccessTokensPerUser; most > 0 && n >= most {
		return muster.E(muster.Forbidden, "app.user_access_token.create.quota.app_error")
	}
	hash := core.HashToken(text)
	if err := tx.InsertAccessToken(ctx, t, hash[:]); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, a.mailer.Notification(u, a.mailer.AccessTokenMessage(u, t, who))...); err != nil {
		return err
	}
	return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+u.ID+" token_id="+t.ID))
}

// tokenEnd checks the end that is asked for (Unix ms, 0: none) against UserAccessTokenMaxLifetimeInDays, and returns the one that the token gets.
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

// tokensAllowed reports whether the account may use access tokens: bots always, people by EnableUserAccessTokens.
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

// AccessToken returns a token without its text. Kinds: Forbidden, NotFound.
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

// AccessTokens returns a page of everybody's tokens; needs manage_system.
func (a *Auth) AccessTokens(ctx context.Context, who *core.Caller, page core.Page) ([]*muster.AccessToken, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	return a.store.AccessTokens(ctx, "", page.Offset(), page.PerPage)
}

// AccessTokensOf returns a page of an account's tokens. Kinds: Forbidden, NotFound.
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
	change := (*store.Tx).DisableAccessToken
	if active {
		change = (*store.Tx).EnableAccessToken
	}
	return a.changeAccessToken(ctx, who, t, change)
}

// RevokeAccessToken ends a token at once and for good. Kinds: Forbidden, NotFound.
func (a *Auth) RevokeAccessToken(ctx context.Context, who *core.Caller, id string) error {
	t, err := a.accessTokenFor(ctx, who, id, muster.PermRevokeUserAccessToken)
	if err != nil {
		return err
	}
	return a.changeAccessToken(ctx, who, t, (*store.Tx).DeleteAccessToken)
}

func (a *Auth) changeAccessToken(ctx context.Context, who *core.Caller, t *muster.AccessToken, change func(tx *store.Tx, ctx context.Context, id string) error) error {
	may, err := a.core.AuthorityOver(ctx, who, t.UserID)
	if err != nil {
		return err
	}
	return a.store.Write(ctx, func(tx *store.Tx) error {
		if err := may.RequireActOnUser(ctx, tx, t.UserID); err != nil {
			return err
		}
		if err := change(tx, ctx, t.ID); err != nil {
			return core.Missing(err, muster.NotFound, noAccessToken)
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "token_id="+t.ID))
	})
}

// tokenSession returns the session that stands for an access token, begun at its first use. store.ErrNotFound unless the token is good.
func (a *Auth) tokenSession(ctx context.Context, hash core.TokenHash) (*muster.Session, error) {
	t, err := a.store.UsableAccessToken(ctx, hash[:])
	if errors.Is(err, store.ErrNotFound) {
		return nil, err // a made-up token costs no write
	}
	if err != nil {
		return nil, fmt.Errorf("read access token: %w", err)
	}
	var s *muster.Session
	err = a.store.Write(ctx, func(tx *store.Tx) (err error) {
		s, err = a.beginTokenSession(ctx, tx, t.UserID, hash)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("session of an access token: %w", err)
	}
	return s, err
}

func (a *Auth) beginTokenSession(ctx context.Context, tx *store.Tx, userID string, hash core.TokenHash) (*muster.Session, error) {
	u, err := tx.LockUser(ctx, userID)
	if err != nil {
		return nil, err
	}
	if u.DeleteAt != 0 || !a.tokensAllowed(u) {
		return nil, store.ErrNotFound
	}
	t, err := tx.UsableAccessTokenForUpdate(ctx, hash[:])
	if err != nil {
		return nil, err
	}
	if s, err := tx.SessionByTokenHash(ctx, hash[:]); !errors.Is(err, store.ErrNotFound) {
		return s, err // another request began it meanwhile
	}
	s := a.newTokenSession(t, u)
	if err := tx.InsertSession(ctx, s, hash[:]); err != nil {
		return nil, err
	}
	if err := tx.SetAccessTokenUsed(ctx, t.ID); err != nil {
		return nil, err
	}
	return s, tx.PruneSessions(ctx, u.ID)
}

// newTokenSession returns a session for an access token.
func (a *Auth) newTokenSession(t *muster.AccessToken, u *muster.User) *muster.Session {
	now := a.core.Now()
	s := &muster.Session{
		ID: muster.NewID(), UserID: u.ID, CreateAt: now, LastActivityAt: now, ExpiresAt: t.ExpiresAt,
		Props: map[string]string{muster.SessionPropType: muster.SessionTypeAccessToken, muster.SessionPropTokenID: t.ID},
	}
	setRoles(s, u)
	if s.ExpiresAt == 0 {
		s.ExpiresAt = now + tokenSessionYears*365*core.Day
	}
	if u.IsBot {
		s.Props[muster.SessionPropIsBot] = "true"
	}
	return s
}
