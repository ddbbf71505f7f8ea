// Package teams owns teams and their channels, who is in them and with which roles, and the invitations to them.
package teams

import (
	"muster/internal/core"
	"muster/internal/mailer"
	"muster/internal/store"
)

// Options are what Teams works with. All fields are required.
type Options struct {
	Core   *core.Core
	Mailer *mailer.Mailer
	Store  *store.Store
}

// Teams is the use cases of teams and channels. It is safe for concurrent use.
type Teams struct {
	core   *core.Core
	mailer *mailer.Mailer
	store  *store.Store
}

// New returns Teams over one store.
func New(o Options) *Teams {
	return &Teams{core: o.Core, mailer: o.Mailer, store: o.Store}
}
