// Package accounts owns the life of accounts: signing up, editing, verifying addresses, deactivating and deleting, guests, bots and preferences.
package accounts

import (
	"log/slog"

	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/directory"
	"muster/internal/files"
	"muster/internal/mailer"
	"muster/internal/store"
	"muster/internal/teams"
)

// Options are what Accounts works with. All fields are required.
type Options struct {
	Core      *core.Core
	Mailer    *mailer.Mailer
	Files     *files.Files
	Directory *directory.Directory
	Teams     *teams.Teams
	Auth      *auth.Auth
	Store     *store.Store
	Log       *slog.Logger
}

// Accounts is the use cases of accounts. It is safe for concurrent use.
type Accounts struct {
	core      *core.Core
	mailer    *mailer.Mailer
	files     *files.Files
	directory *directory.Directory
	teams     *teams.Teams
	auth      *auth.Auth
	store     *store.Store
	log       *slog.Logger
}

// New returns Accounts over one store.
func New(o Options) *Accounts {
	return &Accounts{core: o.Core, mailer: o.Mailer, files: o.Files, teams: o.Teams, directory: o.Directory, auth: o.Auth, store: o.Store, log: o.Log}
}
