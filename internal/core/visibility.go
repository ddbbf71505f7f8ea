package core

import (
	"cmp"
	"context"
	"slices"

	"muster"
)

// HideNotFound replaces an error of kind NotFound for callers who may not see everybody, so that it does not reveal whether an account exists.
func (c *Core) HideNotFound(ctx context.Context, who *Caller, err error) error {
	if !muster.IsKind(err, muster.NotFound) {
		return err
	}
	return cmp.Or(c.RequireSystem(ctx, who, muster.PermViewMembers), err)
}

// Viewer returns the caller's id if the caller only sees people in the same channels, which is what reads filter by; "" if the caller sees everybody.
func (c *Core) Viewer(ctx context.Context, who *Caller) (string, error) {
	all, err := c.CanSystem(ctx, who, muster.PermViewMembers)
	if all || err != nil {
		return "", err
	}
	return who.ID(), nil
}

// RequireView refuses a caller who may not see the user at all; kind Forbidden.
func (c *Core) RequireView(ctx context.Context, who *Caller, userID string) error {
	viewer, err := c.Viewer(ctx, who)
	if err != nil || viewer == "" || viewer == userID {
		return err
	}
	if !muster.ValidID(userID) {
		return Refusal(muster.PermViewMembers)
	}
	ok, err := c.store.VisibleTo(ctx, viewer, userID)
	return RequireGranted(ok, err, muster.PermViewMembers)
}

// RequireEdit refuses a caller who may not edit an account: everybody may edit their own, and holders of edit_other_users those that are not above them.
// Kind Forbidden. It returns nil for an account that does not exist; each use case has an error of its own for that.
func (c *Core) RequireEdit(ctx context.Context, who *Caller, userID string) error {
	if userID != "" && who.ID() == userID {
		return nil
	}
	if err := c.RequireSystem(ctx, who, muster.PermEditOtherUsers); err != nil {
		return err
	}
	u, err := c.User(ctx, userID)
	if muster.IsKind(err, muster.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.RequireActOn(ctx, who, u)
}

// OthersVisibility returns what the caller may see of other people's accounts (PrivacySettings).
func (c *Core) OthersVisibility(ctx context.Context, who *Caller) (muster.Visibility, error) {
	privacy := c.Config().PrivacySettings
	admin, err := c.CanSystem(ctx, who, muster.PermManageSystem)
	return muster.Visibility{Admin: admin, Email: admin || privacy.ShowEmailAddress, FullName: admin || privacy.ShowFullName}, err
}

// VisibilityOf returns what the caller may see of an account.
func (c *Core) VisibilityOf(ctx context.Context, who *Caller, userID string) (muster.Visibility, error) {
	if who.ID() == userID {
		return muster.Visibility{Self: true}, nil
	}
	return c.OthersVisibility(ctx, who)
}

// SanitizeForOthers returns users as the caller may see them in lists, where even the caller's own entry is what others see.
func (c *Core) SanitizeForOthers(ctx context.Context, who *Caller, users []*muster.User) ([]*muster.User, error) {
	v, err := c.OthersVisibility(ctx, who)
	if err != nil {
		return nil, err
	}
	out := make([]*muster.User, len(users))
	for i, u := range users {
		out[i] = u.Sanitized(v)
	}
	return out, nil
}

// FilterVisible drops from a list what is about people whom the caller may not see.
func FilterVisible[T any](ctx context.Context, a *Core, who *Caller, list []T, userID func(T) string) ([]T, error) {
	viewer, err := a.Viewer(ctx, who)
	if err != nil || viewer == "" {
		return list, err
	}
	ids := make([]string, len(list))
	for i, v := range list {
		ids[i] = userID(v)
	}
	users, err := a.store.UsersByIDs(ctx, ids, 0, viewer)
	if err != nil {
		return nil, err
	}
	visible := make(map[string]bool, len(users))
	for _, u := range users {
		visible[u.ID] = true
	}
	return slices.DeleteFunc(list, func(v T) bool { return !visible[userID(v)] }), nil
}
