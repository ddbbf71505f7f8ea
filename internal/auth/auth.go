// Package auth owns how people and programs prove who they are: login and its steps, sessions, access tokens, second factors, password changes and
// resets, terms of service, and lockout after failed attempts. Every counter is taken before the work that it protects (docs/adr/0016-login-throttling.md),
// and neither an answer nor its time reveals whether an account exists.
package auth

import (
	"context"
	"log/slog"

	"muster/internal/auth/password"
	"muster/internal/core"
	"muster/internal/mailer"
	"muster/internal/secretbox"
	"muster/internal/store"
)

// Options are what an Auth works with. All fields are required but Breached.
type Options struct {
	Core      *core.Core
	Mailer    *mailer.Mailer
	Store     *store.Store
	Passwords *password.Hasher
	Breached  *password.Breached // that new passwords must not be among; nil for none
	Secrets   *secretbox.Box
	Log       *slog.Logger
}

// Auth is the use cases of signing in. It is safe for concurrent use.
type Auth struct {
	core      *core.Core
	mailer    *mailer.Mailer
	store     *store.Store
	passwords *password.Hasher
	breached  *password.Breached
	secrets   *secretbox.Box
	log       *slog.Logger
	terms     termsCache
	cancel    func() // of the terms' cache
	activity  *activity
	inFlight  *inFlight
	attacks   *attacks
}

// New returns an Auth over one store.
func New(o Options) *Auth {
	a := &Auth{
		core: o.Core, mailer: o.Mailer, store: o.Store, passwords: o.Passwords, breached: o.Breached, secrets: o.Secrets, log: o.Log,
		activity: newActivity(), inFlight: newInFlight(), attacks: newAttacks(),
	}
	a.cancel = a.store.OnCommit(a.terms.forget)
	return a
}

// Close ends listening to the store and writes down what is still held in memory.
func (a *Auth) Close(ctx context.Context) error {
	a.cancel()
	return a.WriteActivity(ctx, true)
}
