// Package directory owns who belongs where and who is there: teams, channels, groups and their members, invitations, roles, statuses, lists and searches
// of users, and which of the connected users an event is for.
package directory

import (
	"log/slog"

	"muster/internal/core"
	"muster/internal/mailer"
	"muster/internal/store"
)

// Options are what a Directory works with. All fields are required.
type Options struct {
	Core   *core.Core
	Mailer *mailer.Mailer
	Store  *store.Store
	Log    *slog.Logger
}

// Directory is the use cases of memberships and of looking people up. It is safe for concurrent use.
type Directory struct {
	core   *core.Core
	mailer *mailer.Mailer
	store  *store.Store
	log    *slog.Logger
}

// New returns a Directory over one store.
func New(o Options) *Directory {
	return &Directory{core: o.Core, mailer: o.Mailer, store: o.Store, log: o.Log}
}
