package mail

import (
	"context"

	"muster/internal/files/blob"
)

// FileSender writes each message to a directory, as one .eml file.
type FileSender struct{ dir *blob.Dir }

// NewFileSender opens the directory, which it creates if need be (mode 0700).
func NewFileSender(dir string) (*FileSender, error) {
	d, err := blob.OpenDir(dir)
	return &FileSender{d}, err
}

// Close closes the directory.
func (f *FileSender) Close() error { return f.dir.Close() }

// Send writes the message to disk before it returns. Sending the same message again replaces its file. See IsPermanent for messages that can't be
// composed.
func (f *FileSender) Send(ctx context.Context, m Message) error {
	data, err := compose(m)
	if err != nil {
		return err
	}
	return f.dir.Put(ctx, m.Date.UTC().Format("20060102T150405.000")+"-"+m.ID+".eml", data)
}
