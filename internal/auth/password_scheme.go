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

// foreignScheme returns an example of the scheme that a hash was made with elsewhere, "" for that of new ones. Kind Invalid for one that can't be read.
func (a *Auth) foreignScheme(encoded string) (example string, err error) {
	example, foreign, err := a.passwords.ForeignScheme(encoded)
	if err != nil {
		return "", muster.InvalidParam("new_password", err)
	}
	if !foreign {
		return "", nil
	}
	return example, nil
}

// addPasswordScheme notes that a scheme is in use, "" for that of new hashes. Kind Invalid for one that would make every refused login cost too much.
func (a *Auth) addPasswordScheme(ctx context.Context, tx *store.Tx, example string) error {
	if example == "" {
		return nil
	}
	inUse, err := tx.AddPasswordScheme(ctx, example)
	if err != nil {
		return err
	}
	if !a.passwords.Affordable(inUse) {
		return muster.E(muster.Invalid, "app.user.update_password.hash_cost.app_error")
	}
	return nil
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
	if err := a.replacePasswordSchemes(ctx, inUse, since); err != nil {
		return err
	}
	if !a.passwords.Affordable(inUse) {
		a.log.Warn("accounts have password hashes that cost too much to be hidden: refusing a sign-in to one takes longer than to others", "schemes", len(inUse))
	}
	return a.ReadPasswordSchemes(ctx)
}

// replacePasswordSchemes makes the schemes that a look at all accounts found those in use. What was stored after the look began, at since in Unix ms,
// stays: the look may have missed it.
func (a *Auth) replacePasswordSchemes(ctx context.Context, found []string, since int64) error {
	known, err := a.store.PasswordSchemes(ctx)
	if err != nil {
		return err
	}
	return a.store.Write(ctx, func(tx *store.Tx) error {
		for _, example := range known {
			if slices.Contains(found, example) {
				continue
			}
			if err := tx.DeletePasswordScheme(ctx, example, since); err != nil {
				return err
			}
		}
		for _, example := range found {
			if slices.Contains(known, example) {
				continue
			}
			if _, err := tx.AddPasswordScheme(ctx, example); err != nil {
				return err
			}
		}
		return nil
	})
}
