// Package mailer owns outgoing mail: what mails say, the quotas of who may have them sent, and the worker that empties the outbox.
// A mail is kept encrypted, in the transaction of what it tells of.
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
	Files   *mail.FileSender // takes mails while no mail server is set
	Log     *slog.Logger
	Now     func() time.Time
}

// Mailer writes and sends mails. It is safe for concurrent use.
type Mailer struct {
	core    *core.Core
	store   *store.Store
	secrets *secretbox.Box
	mail    *mail.FileSender
	log     *slog.Logger
	clock   func() time.Time
	outbox  *outbox
}

// New returns a Mailer, which sends nothing until Run is called.
func New(o Options) *Mailer {
	return &Mailer{core: o.Core, store: o.Store, secrets: o.Secrets, mail: o.Files, log: o.Log, clock: o.Now, outbox: newOutbox()}
}

// Run sends what waits in the outbox and answers requests for links, until ctx ends and the mails under way are sent.
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
	workers.Go(func() { m.answerLinkRequests(ctx) })
	workers.Wait()
}
