// Package system owns what concerns the server itself: its settings, the test of the mail settings, and how long its history is kept.
package system

import (
	"log/slog"
	"time"

	"muster/internal/accounts"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/mailer"
	"muster/internal/secretbox"
	"muster/internal/store"
)

// Options are what a System works with. All fields are required.
type Options struct {
	Core     *core.Core
	Mailer   *mailer.Mailer
	Accounts *accounts.Accounts
	Store    *store.Store
	Config   *config.Manager
	Secrets  *secretbox.Box
	Log      *slog.Logger
	Now      func() time.Time
}

// System is the use cases of the server's administration. It is safe for concurrent use.
type System struct {
	core     *core.Core
	mailer   *mailer.Mailer
	accounts *accounts.Accounts
	store    *store.Store
	config   *config.Manager
	secrets  *secretbox.Box
	log      *slog.Logger
	clock    func() time.Time
	cancel   func() // of listening to the store
}

// New returns a System over one store.
func New(o Options) *System {
	s := &System{core: o.Core, mailer: o.Mailer, accounts: o.Accounts, store: o.Store, config: o.Config, secrets: o.Secrets, log: o.Log, clock: o.Now}
	s.cancel = o.Store.OnCommit(s.followSettings)
	return s
}

// Close ends listening to the store.
func (s *System) Close() { s.cancel() }
