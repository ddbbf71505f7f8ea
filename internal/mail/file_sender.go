package mail

import (
	"context"

	"muster/internal/files/blob"
)

// FileSender keeps each mail as one .eml file.
type FileSender struct{ dir *blob.Dir }

// NewFileSender opens or makes the folder (mode 0700).
func NewFileSender(dir string) (*FileSender, error) {
	d, err := blob.OpenDir(dir)
	return &FileSender{d}, err
}

// Close gives the folder free.
func (f *FileSender) Close() error { return f.dir.Close() }

// Send writes the mail to disk before it returns. The same message again replaces its file. Refused tells that it can't be composed.
func (f *FileSender) Send(ctx context.Context, m Message) error {
	text, err := compose(m)
	if err != nil {
		return err
	}
	return f.dir.Put(ctx, m.Date.UTC().Format("20060102T150405.000")+"-"+m.ID+".eml", text)
}
