// Package mailer owns outgoing mail: its content, quotas, and the worker that sends the mails in the outbox. A mail goes into the outbox, encrypted, in the
// transaction of the change that causes it.
package mailer

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/secretbox"
	"muster/internal/store"
)

// Options are what a Mailer works with. All fields are required.
type Options struct {
	Core    *core.Core
	Store   *store.Store
	Secrets *secretbox.Box
	Files   *mail.FileSender // gets mails while no mail server is set
	Log     *slog.Logger
	Now     func() time.Time
}

// Mailer writes and sends mails. It is safe for concurrent use.
type Mailer struct {
	core    *core.Core
	store   *store.Store
	secrets *secretbox.Box
	files   *mail.FileSender
	log     *slog.Logger
	clock   func() time.Time
	outbox  *outbox
}

// New returns a Mailer, which sends nothing until Run is called.
func New(o Options) *Mailer {
	return &Mailer{core: o.Core, store: o.Store, secrets: o.Secrets, files: o.Files, log: o.Log, clock: o.Now, outbox: newOutbox()}
}

// Run sends the mails in the outbox and answers requests for links until ctx ends, then waits for the mails under way.
func (m *Mailer) Run(ctx context.Context) {
	stop := m.store.OnCommit(func(c store.Changes) {
		if c.Mail {
			m.outbox.mails.notify()
		}
		if c.LinkRequests {
			m.outbox.links.notify()
		}
	})
	defer stop()
	var workers sync.WaitGroup
	workers.Go(func() { m.runOutbox(ctx) })
	workers.Go(func() { m.runLinkRequests(ctx) })
	workers.Wait()
}
