// Package mail composes mails and hands them on. Without a mail server they go to a folder, as files that mail programs open.
package mail

import (
	"bytes"
	"context"
	"fmt"
	"time"

	gomail "github.com/wneessen/go-mail"

	"muster"
	"muster/internal/blob"
)

// Message is one mail to one address.
type Message struct {
	From    string // an address
	To      string // an address
	Subject string
	Text    string
}

// Folder keeps each mail as one .eml file.
type Folder struct{ dir *blob.Dir }

// OpenFolder opens or makes the folder (mode 0700).
func OpenFolder(dir string) (*Folder, error) {
	d, err := blob.OpenDir(dir)
	return &Folder{d}, err
}

// Close gives the folder free.
func (f *Folder) Close() error { return f.dir.Close() }

// Send writes the mail to disk before it returns.
func (f *Folder) Send(ctx context.Context, m Message) error {
	text, err := compose(m)
	if err != nil {
		return fmt.Errorf("compose mail: %w", err)
	}
	return f.dir.Put(ctx, time.Now().UTC().Format("20060102T150405.000")+"-"+muster.NewID()+".eml", text)
}

// compose refuses addresses that are none, so that no header can be smuggled in by one.
func compose(m Message) ([]byte, error) {
	msg := gomail.NewMsg()
	if err := msg.From(m.From); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageID()
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	var b bytes.Buffer
	_, err := msg.WriteTo(&b)
	return b.Bytes(), err
}
