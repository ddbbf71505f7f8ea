package auth

import (
	"context"
	"maps"
	"slices"
	"time"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	schemesRead    = 30 * time.Second // between looks at what other nodes imported
	schemesCounted = 24 * time.Hour   // between looks at all accounts
	schemesSlack   = core.Hour        // how long a transaction that stores a hash may take
)

// importedPassword is what the store must know of a hash that was made elsewhere; nil for one like new ones. Kind Invalid for one that can't be read,
// or that would make every refused sign-in cost too much.
func (a *Auth) importedPassword(encoded string) (*store.PasswordScheme, error) {
	example, foreign, err := a.passwords.ForeignScheme(encoded)
	if err != nil {
		return nil, muster.InvalidParam("new_password", err)
	}
	if !foreign {
		return nil, nil
	}
	return &store.PasswordScheme{Example: example, Allow: func(inUse []string) error {
		if !a.passwords.Affordable(inUse) {
			return muster.E(muster.Invalid, "app.user.update_password.hash_cost.app_error")
		}
		return nil
	}}, nil
}

// WatchPasswordSchemes keeps the hasher's knowledge of the schemes in use fresh until ctx ends: it reads what imports noted, and now and then looks at
// all accounts, so that a scheme that nobody has any more costs nothing.
func (a *Auth) WatchPasswordSchemes(ctx context.Context) {
	read, count := time.NewTicker(schemesRead), time.NewTicker(schemesCounted)
	defer read.Stop()
	defer count.Stop()
	a.core.LogError(ctx, "count password schemes", a.CountPasswordSchemes(ctx))
	for {
		select {
		case <-ctx.Done():
			return
		case <-read.C:
			a.core.LogError(ctx, "read password schemes", a.ReadPasswordSchemes(ctx))
		case <-count.C:
			a.core.LogError(ctx, "count password schemes", a.CountPasswordSchemes(ctx))
		}
	}
}

// ReadPasswordSchemes tells the hasher which schemes are in use.
func (a *Auth) ReadPasswordSchemes(ctx context.Context) error {
	examples, err := a.store.PasswordSchemes(ctx)
	if err == nil {
		a.passwords.SetSchemesInUse(examples)
	}
	return err
}

// CountPasswordSchemes looks at all accounts for the schemes in use, notes those that were not known and drops those that nobody has.
func (a *Auth) CountPasswordSchemes(ctx context.Context) error {
	since := a.core.Now() - schemesSlack
	found := map[string]bool{}
	err := a.store.ForeignPasswords(ctx, a.passwords.Prefix(), func(encoded string) {
		if example, foreign, err := a.passwords.ForeignScheme(encoded); err == nil && foreign {
			found[example] = true
		}
	})
	if err != nil {
		return err
	}
	inUse := slices.Collect(maps.Keys(found))
	if err := a.store.SetPasswordSchemes(ctx, inUse, since); err != nil {
		return err
	}
	if !a.passwords.Affordable(inUse) {
		a.log.Warn("accounts have password hashes that cost too much to be hidden: refusing a sign-in to one takes longer than to others", "schemes", len(inUse))
	}
	return a.ReadPasswordSchemes(ctx)
}
