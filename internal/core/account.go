package core

import (
	"context"
	"strings"

	"muster"
	"muster/internal/store"
)

// ChangeUser locks an account, refuses what may does not cover (nil allows all), has change alter the account and saves it: one transaction, with all
// that change does through tx. It returns the account as it was and as it is. Kinds: NotFound, change's and Tx.SaveUser's.
func (c *Core) ChangeUser(ctx context.Context, id string, may *Authority, change func(tx *store.Tx, u *muster.User) error) (before, after *muster.User, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.UserForUpdate(ctx, id)
		if err != nil {
			return MissingAccount(err)
		}
		if err := may.RequireActOn(ctx, tx, u); err != nil {
			return err
		}
		before, after = u.Clone(), u
		if err := change(tx, u); err != nil {
			return err
		}
		return tx.SaveUser(ctx, u)
	})
	if err != nil {
		return nil, nil, err
	}
	return before, after, nil
}

// PublishUserUpdated sends an account to its owner in full, and to administrators and everybody else as they may see it.
func (c *Core) PublishUserUpdated(u *muster.User) {
	privacy := c.Config().PrivacySettings
	for _, copied := range []struct {
		as muster.Visibility
		to muster.Audience
	}{
		{muster.Visibility{Admin: true}, muster.Audience{OmitUsers: []string{u.ID}, Admins: true}},
		{muster.Visibility{Email: privacy.ShowEmailAddress, FullName: privacy.ShowFullName}, muster.Audience{OmitUsers: []string{u.ID}, NotAdmins: true, About: u.ID}},
		{muster.Visibility{Self: true}, muster.Audience{UserID: u.ID}},
	} {
		c.Publish(muster.EventUserUpdated, map[string]any{"user": u.Sanitized(copied.as)}, copied.to)
	}
}

// InDomains reports whether an address is in one of the domains, separated by commas or spaces; an empty list allows all.
func InDomains(email, domains string) bool {
	list := strings.FieldsFunc(strings.ToLower(domains), func(r rune) bool { return r == ',' || r == ' ' || r == '@' })
	for _, d := range list {
		if strings.HasSuffix(email, "@"+d) {
			return true
		}
	}
	return len(list) == 0
}
