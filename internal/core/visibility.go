package core

import (
	"cmp"
	"context"
	"slices"

	"muster"
)

// HideMissing keeps from a restricted caller whether an account exists.
func (c *Core) HideMissing(ctx context.Context, who *Caller, err error) error {
	if !muster.IsKind(err, muster.NotFound) {
		return err
	}
	return cmp.Or(c.RequireSystem(ctx, who, muster.PermViewMembers), err)
}

// Viewer is the id by which reads are narrowed to people that the caller shares a channel with; "" for everybody.
func (c *Core) Viewer(ctx context.Context, who *Caller) (string, error) {
	all, err := c.CanSystem(ctx, who, muster.PermViewMembers)
	if all || err != nil {
		return "", err
	}
	return who.ID(), nil
}

// RequireView answers nil when the caller may see the user at all; else kind Forbidden.
func (c *Core) RequireView(ctx context.Context, who *Caller, userID string) error {
	viewer, err := c.Viewer(ctx, who)
	if err != nil || viewer == "" || viewer == userID {
		return err
	}
	if !muster.ValidID(userID) {
		return Refusal(muster.PermViewMembers)
	}
	ok, err := c.store.VisibleTo(ctx, viewer, userID)
	return Required(ok, err, muster.PermViewMembers)
}

// RequireEdit answers nil when the account is the caller's own, or the caller may edit others and this one is not above; else kind Forbidden. What
// it means that there is no such account is the use case's to say.
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

// VisibilityOfOthers is how much of other people the caller may see (PrivacySettings).
func (a *Core) VisibilityOfOthers(ctx context.Context, who *Caller) (muster.Visibility, error) {
	c := a.Config().PrivacySettings
	admin, err := a.CanSystem(ctx, who, muster.PermManageSystem)
	return muster.Visibility{Admin: admin, Email: admin || c.ShowEmailAddress, FullName: admin || c.ShowFullName}, err
}

func (c *Core) VisibilityOf(ctx context.Context, who *Caller, userID string) (muster.Visibility, error) {
	if who.ID() == userID {
		return muster.Visibility{Self: true}, nil
	}
	return c.VisibilityOfOthers(ctx, who)
}

// SanitizeForOthers gives the users as the caller may see them in lists, where even one's own entry is a stranger's view.
func (c *Core) SanitizeForOthers(ctx context.Context, who *Caller, users []*muster.User) ([]*muster.User, error) {
	v, err := c.VisibilityOfOthers(ctx, who)
	if err != nil {
		return nil, err
	}
	out := make([]*muster.User, len(users))
	for i, u := range users {
		out[i] = u.Sanitized(v)
	}
	return out, nil
}

// FilterVisible drops what is about people that a restricted caller may not see.
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
