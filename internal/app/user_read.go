package app

import (
	"cmp"
	"context"

	"muster"
)

// UserView is a user as the caller sees it, encoded and tagged. Kinds: NotFound, Forbidden.
func (a *App) UserView(ctx context.Context, who *Caller, id string) (*View, error) {
	if err := a.mayView(ctx, who, id); err != nil {
		return nil, err
	}
	acc, err := a.account(ctx, id)
	if err != nil {
		return nil, err
	}
	v, err := a.visibility(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return acc.view(v)
}

// UserByUsernameView is UserView by name.
func (a *App) UserByUsernameView(ctx context.Context, who *Caller, name string) (*View, error) {
	const unknown = "app.user.get_by_username.app_error"
	name = muster.FoldName(name)
	if !muster.ValidUsername(name) {
		return nil, muster.E(muster.NotFound, unknown)
	}
	u, err := a.store.UserByUsername(ctx, name)
	if err != nil {
		return nil, a.hideMissing(ctx, who, missing(err, muster.NotFound, unknown))
	}
	return a.UserView(ctx, who, u.ID)
}

// UserByEmailView is UserView by address. Without PrivacySettings.ShowEmailAddress it is for administrators.
func (a *App) UserByEmailView(ctx context.Context, who *Caller, email string) (*View, error) {
	email = muster.FoldName(email)
	if !muster.ValidEmail(email) {
		return nil, muster.InvalidURLParam("email")
	}
	sees, err := a.sees(ctx, who)
	if err != nil {
		return nil, err
	}
	if !sees.Email {
		return nil, muster.E(muster.Forbidden, "api.user.get_user_by_email.permissions.app_error")
	}
	u, err := a.store.UserByEmail(ctx, email)
	if err != nil {
		return nil, a.hideMissing(ctx, who, missingAccount(err))
	}
	return a.UserView(ctx, who, u.ID)
}

// hideMissing keeps from a restricted caller whether an account exists.
func (a *App) hideMissing(ctx context.Context, who *Caller, err error) error {
	if !muster.IsKind(err, muster.NotFound) {
		return err
	}
	return cmp.Or(a.requireSystem(ctx, who, muster.PermViewMembers), err)
}

// viewer is the id by which reads are narrowed to people that the caller shares a channel with; "" for everybody.
func (a *App) viewer(ctx context.Context, who *Caller) (string, error) {
	all, err := a.canSystem(ctx, who, muster.PermViewMembers)
	if all || err != nil {
		return "", err
	}
	return who.ID(), nil
}

// mayView answers nil when the caller may see the user at all; else kind Forbidden.
func (a *App) mayView(ctx context.Context, who *Caller, userID string) error {
	viewer, err := a.viewer(ctx, who)
	if err != nil || viewer == "" || viewer == userID {
		return err
	}
	if !muster.ValidID(userID) {
		return refusal(muster.PermViewMembers)
	}
	ok, err := a.store.VisibleTo(ctx, viewer, userID)
	return required(ok, err, muster.PermViewMembers)
}

// mayEdit answers nil when the account is the caller's own, or the caller may edit others and this one is not above; else kind Forbidden. What
// it means that there is no such account is the use case's to say.
func (a *App) mayEdit(ctx context.Context, who *Caller, userID string) error {
	if userID != "" && who.ID() == userID {
		return nil
	}
	if err := a.requireSystem(ctx, who, muster.PermEditOtherUsers); err != nil {
		return err
	}
	u, err := a.user(ctx, userID)
	if muster.IsKind(err, muster.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.requireActOn(ctx, who, u)
}

// sees is how much of other people the caller may see (PrivacySettings).
func (a *App) sees(ctx context.Context, who *Caller) (muster.Visibility, error) {
	c := a.Config().PrivacySettings
	admin, err := a.canSystem(ctx, who, muster.PermManageSystem)
	return muster.Visibility{Admin: admin, Email: admin || c.ShowEmailAddress, FullName: admin || c.ShowFullName}, err
}

func (a *App) visibility(ctx context.Context, who *Caller, userID string) (muster.Visibility, error) {
	if who.ID() == userID {
		return muster.Visibility{Self: true}, nil
	}
	return a.sees(ctx, who)
}

// forOthers gives the users as the caller may see them in lists, where even one's own entry is a stranger's view.
func (a *App) forOthers(ctx context.Context, who *Caller, users []*muster.User) ([]*muster.User, error) {
	v, err := a.sees(ctx, who)
	if err != nil {
		return nil, err
	}
	out := make([]*muster.User, len(users))
	for i, u := range users {
		out[i] = u.For(v)
	}
	return out, nil
}
