// Package system owns what is about the server itself: its settings, the test of its mail server, how long its history is kept.
package system

import (
	"time"

	"muster/internal/accounts"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/mailer"
	"muster/internal/store"
)

// Options are what a System works with. All fields are required.
type Options struct {
	Core     *core.Core
	Mailer   *mailer.Mailer
	Accounts *accounts.Accounts
	Store    *store.Store
	Config   *config.Manager
	Now      func() time.Time
}

// System is the use cases of the server's administration. It is safe for concurrent use.
type System struct {
	core     *core.Core
	mailer   *mailer.Mailer
	accounts *accounts.Accounts
	store    *store.Store
	config   *config.Manager
	clock    func() time.Time
}

// New returns a System over one store.
func New(o Options) *System {
	return &System{core: o.Core, mailer: o.Mailer, accounts: o.Accounts, store: o.Store, config: o.Config, clock: o.Now}
}
