package core

import (
	"context"
	"muster"
	"muster/internal/store"
	"strings"
)

// ChangeUserBy is changeUser for what a caller does to an account that may be somebody else's: whether it may is decided on the row that is written.
func (c *Core) ChangeUserBy(ctx context.Context, who *Caller, id string, up store.UserUpdate, audits ...*muster.Audit) (before, after *muster.User, err error) {
	if up.Guard, err = c.Guard(ctx, who, id); err != nil {
		return nil, nil, err
	}
	return c.ChangeUser(ctx, id, up, audits...)
}

// ChangeUser writes through the store, forgets the cached account and tells everybody.
func (c *Core) ChangeUser(ctx context.Context, id string, up store.UserUpdate, audits ...*muster.Audit) (before, after *muster.User, err error) {
	before, after, err = c.store.UpdateUser(ctx, id, up, audits...)
	c.Cache.Forget(id)
	if err != nil {
		return nil, nil, MissingAccount(err)
	}
	c.PublishUserUpdated(after)
	return before, after, nil
}

// PublishUserUpdated tells the account's owner everything, and administrators and everybody else what they may see.
func (a *Core) PublishUserUpdated(u *muster.User) {
	c := a.Config().PrivacySettings
	for _, copied := range []struct {
		as muster.Visibility
		to muster.Audience
	}{
		{muster.Visibility{Admin: true}, muster.Audience{OmitUsers: []string{u.ID}, Admins: true}},
		{muster.Visibility{Email: c.ShowEmailAddress, FullName: c.ShowFullName}, muster.Audience{OmitUsers: []string{u.ID}, NotAdmins: true, About: u.ID}},
		{muster.Visibility{Self: true}, muster.Audience{UserID: u.ID}},
	} {
		a.Publish(muster.EventUserUpdated, map[string]any{"user": u.For(copied.as)}, copied.to)
	}
}

// InDomains tells whether an address is in a list of domains, separated by commas or spaces; an empty list holds all.
func InDomains(email, domains string) bool {
	list := strings.FieldsFunc(strings.ToLower(domains), func(r rune) bool { return r == ',' || r == ' ' || r == '@' })
	for _, d := range list {
		if strings.HasSuffix(email, "@"+d) {
			return true
		}
	}
	return len(list) == 0
}
