// Package directory owns who there is: the lists and searches of users, groups, roles, statuses, and which of the connected users an event is for.
package directory

import (
	"muster/internal/core"
	"muster/internal/store"
	"muster/internal/teams"
)

// Options are what a Directory works with. All fields are required.
type Options struct {
	Core  *core.Core
	Teams *teams.Teams
	Store *store.Store
}

// Directory is the use cases of looking users up and of grouping them. It is safe for concurrent use.
type Directory struct {
	core  *core.Core
	teams *teams.Teams
	store *store.Store
}

// New returns a Directory over one store.
func New(o Options) *Directory {
	return &Directory{core: o.Core, teams: o.Teams, store: o.Store}
}
