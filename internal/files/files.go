// Package files owns what people upload: profile pictures, and files in pieces. Bytes are in a blob store before the row that names them is committed.
package files

import (
	"log/slog"

	"muster/internal/core"
	"muster/internal/files/blob"
	"muster/internal/store"
	"muster/internal/teams"
)

// Options are what Files works with. All fields but TempDir are required.
type Options struct {
	Core    *core.Core
	Teams   *teams.Teams
	Store   *store.Store
	Blobs   blob.Store
	TempDir string // of uploads that come; "" for the system's
	Log     *slog.Logger
}

// Files is the use cases of uploads and pictures. It is safe for concurrent use.
type Files struct {
	core     *core.Core
	teams    *teams.Teams
	store    *store.Store
	blobs    blob.Store
	tempDir  string
	log      *slog.Logger
	pictures pictureUploads
}

// New returns Files over one store.
func New(o Options) *Files {
	return &Files{core: o.Core, teams: o.Teams, store: o.Store, blobs: o.Blobs, tempDir: o.TempDir, log: o.Log}
}
