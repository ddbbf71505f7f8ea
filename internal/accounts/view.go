package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
)

// UserView is a user as the caller sees it, encoded and tagged. Kinds: NotFound, Forbidden.
func (a *Accounts) UserView(ctx context.Context, who *core.Caller, id string) (*core.View, error) {
	if err := a.core.RequireView(ctx, who, id); err != nil {
		return nil, err
	}
	acc, err := a.core.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	v, err := a.core.VisibilityOf(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return acc.View(v)
}

// UserByUsernameView is UserView by name.
func (a *Accounts) UserByUsernameView(ctx context.Context, who *core.Caller, name string) (*core.View, error) {
	const unknown = "app.user.get_by_username.app_error"
	name = muster.NormalizeName(name)
	if !muster.ValidUsername(name) {
		return nil, muster.E(muster.NotFound, unknown)
	}
	u, err := a.store.UserByUsername(ctx, name)
	if err != nil {
		return nil, a.core.HideNotFound(ctx, who, core.Missing(err, muster.NotFound, unknown))
	}
	return a.UserView(ctx, who, u.ID)
}

// UserByEmailView is UserView by address. Without PrivacySettings.ShowEmailAddress it is for administrators.
func (a *Accounts) UserByEmailView(ctx context.Context, who *core.Caller, email string) (*core.View, error) {
	email = muster.NormalizeName(email)
	if !muster.ValidEmail(email) {
		return nil, muster.InvalidURLParam("email")
	}
	sees, err := a.core.OthersVisibility(ctx, who)
	if err != nil {
		return nil, err
	}
	if !sees.Email {
		return nil, muster.E(muster.Forbidden, "api.user.get_user_by_email.permissions.app_error")
	}
	u, err := a.store.UserByEmail(ctx, email)
	if err != nil {
		return nil, a.core.HideNotFound(ctx, who, core.MissingAccount(err))
	}
	return a.UserView(ctx, who, u.ID)
}
