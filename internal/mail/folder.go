package mail

import (
	"context"

	"muster/internal/files/blob"
)

// Folder keeps each mail as one .eml file.
type Folder struct{ dir *blob.Dir }

// OpenFolder opens or makes the folder (mode 0700).
func OpenFolder(dir string) (*Folder, error) {
	d, err := blob.OpenDir(dir)
	return &Folder{d}, err
}

// Close gives the folder free.
func (f *Folder) Close() error { return f.dir.Close() }

// Send writes the mail to disk before it returns. The same message again replaces its file. Refused tells that it can't be composed.
func (f *Folder) Send(ctx context.Context, m Message) error {
	text, err := compose(m)
	if err != nil {
		return err
	}
	return f.dir.Put(ctx, m.Date.UTC().Format("20060102T150405.000")+"-"+m.ID+".eml", text)
}
