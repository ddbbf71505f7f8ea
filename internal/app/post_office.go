package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"muster/internal/mail"
	"muster/internal/seal"
	"muster/internal/store"
)

const (
	mailsAtOnce    = 4
	outboxPoll     = 2 * time.Second // for what other nodes left and for mails whose delay is over
	claimSlack     = 10 * time.Second
	folderTimeout  = 10 * time.Second
	firstDelay     = 10 * time.Second // of a mail that was not taken; doubled each time
	longestDelay   = 10 * time.Minute
	firstPause     = 2 * time.Second // of all mail while the server can't be reached; doubled each time
	longestPause   = time.Minute
	setAsideKept   = 30 * day
	failureBackoff = 5 * time.Second // of the post office itself, while the database does not answer
)

// postOffice sends what waits in the outbox. One mail that is refused or slow holds up no other; a server that takes none is left alone for a while.
type postOffice struct {
	bell chan struct{} // rung when there may be something to do
	sent atomic.Int64

	mu     sync.Mutex
	pause  time.Duration // the last one
	closed time.Time     // until when no mail is tried
}

func newPostOffice() *postOffice { return &postOffice{bell: make(chan struct{}, 1)} }

// ring has the outbox looked at now rather than at the next poll. Call it after the commit.
func (p *postOffice) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// wait returns at the next ring, or when a time has passed.
func (p *postOffice) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-p.bell:
	case <-t.C:
	}
}

// close keeps the office shut for longer each time, and gives for how long.
func (p *postOffice) close() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Now().After(p.closed) { // mails that failed together count once
		p.pause = min(max(2*p.pause, firstPause), longestPause)
		p.closed = time.Now().Add(p.pause)
	}
	return time.Until(p.closed)
}

func (p *postOffice) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause, p.closed = 0, time.Time{}
}

func (p *postOffice) shut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Before(p.closed)
}

// runPostOffice answers requests for links and sends mails until ctx ends, and then lets those under way finish.
func (a *App) runPostOffice(ctx context.Context) {
	if err := a.store.ReleaseMails(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("release mails of an earlier run", "error", err)
	}
	desks := make(chan struct{}, mailsAtOnce)
	var sending sync.WaitGroup
	defer sending.Wait()
	for ctx.Err() == nil {
		if err := a.answerLinkRequests(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("answer requests for links", "error", err)
		}
		desks <- struct{}{}
		m, err := a.nextMail(ctx)
		if m == nil {
			<-desks
			if err != nil && ctx.Err() == nil {
				a.log.Error("read the outbox", "error", err)
				a.office.wait(ctx, failureBackoff)
			} else {
				a.office.wait(ctx, outboxPoll)
			}
			continue
		}
		sending.Go(func() {
			defer func() { <-desks }()
			a.deliver(context.WithoutCancel(ctx), m)
		})
	}
}

// nextMail claims a mail; nil when none is due or none would go.
func (a *App) nextMail(ctx context.Context) (*store.Mail, error) {
	if a.office.shut() {
		return nil, nil
	}
	m, err := a.store.ClaimMail(ctx, a.mailTimeout()+claimSlack)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return m, err
}

func (a *App) mailTimeout() time.Duration {
	c := a.Config().EmailSettings
	if !c.HasServer() {
		return folderTimeout
	}
	return time.Duration(c.SMTPServerTimeout) * time.Second
}

// deliver sends a claimed mail and writes down what came of it.
func (a *App) deliver(ctx context.Context, m *store.Mail) {
	trying, done := context.WithTimeout(ctx, a.mailTimeout())
	err := errTooOld
	if a.now() < m.GiveUpAt {
		err = a.sendMail(trying, m)
	}
	done()
	if err == nil {
		a.office.open()
		a.office.sent.Add(1)
		err = a.store.MailSent(ctx, m)
	} else {
		err = a.notDelivered(ctx, m, err)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		a.log.Error("note what came of a mail", "mail", m.ID, "error", err) // its claim ends by itself
	}
	a.office.ring()
}

var errTooOld = errors.New("its link or its news is too old to be sent")

// notDelivered sets a mail aside that no retry would help, and delays any other.
func (a *App) notDelivered(ctx context.Context, m *store.Mail, why error) error {
	var delay time.Duration
	switch {
	case mail.Refused(why), errors.Is(why, errTooOld), errors.Is(why, seal.ErrBroken):
		a.log.Warn("mail set aside", "mail", m.ID, "attempts", m.Attempts, "error", why)
		return a.store.SetMailAside(ctx, m, why.Error())
	case mail.Unreachable(why):
		delay = a.office.close()
	default:
		a.office.open()
		delay = min(firstDelay<<min(m.Attempts-1, 10), longestDelay)
	}
	a.log.Warn("mail not sent yet", "mail", m.ID, "attempts", m.Attempts, "again_in", delay.Round(time.Second), "error", why)
	return a.store.DelayMail(ctx, m, delay, why.Error())
}

// MailStats are the figures of the outbox, and what this process sent.
type MailStats struct {
	store.MailStats
	Sent int64
}

// MailStats counts the outbox.
func (a *App) MailStats(ctx context.Context) (MailStats, error) {
	m, err := a.store.MailStats(ctx)
	return MailStats{m, a.office.sent.Load()}, err
}
