package mailer

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/secretbox"
	"muster/internal/store"
)

const (
	mailsAtOnce    = 4
	outboxPoll     = 2 * time.Second  // for what other nodes left and for mails whose delay is over
	claimLife      = 20 * time.Second // after which another node takes a mail over from one that died
	claimRenewal   = 5 * time.Second
	firstDelay     = 10 * time.Second // of a mail that was not taken; doubled each time
	longestDelay   = 10 * time.Minute
	firstPause     = 2 * time.Second // of all mail while the server can't be reached; doubled each time
	longestPause   = time.Minute
	failedKept     = 30 * core.Day
	failureBackoff = 5 * time.Second // of the post office itself, while the database does not answer
)

// outbox sends what waits in the outbox. One mail that is refused or slow holds up no other; a server that takes none is left alone for a while.
type outbox struct {
	mails, links notifier
	sent         atomic.Int64

	mu     sync.Mutex
	pause  time.Duration // the last one
	closed time.Time     // until when no mail is tried
}

func newOutbox() *outbox { return &outbox{mails: newNotifier(), links: newNotifier()} }

// notifier is rung when there may be something to do.
type notifier chan struct{}

func newNotifier() notifier { return make(notifier, 1) }

// notify has its hearer look now rather than at the next poll. Call it after the commit.
func (b notifier) notify() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// wait returns at the next ring, or when a time has passed.
func (b notifier) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-b:
	case <-t.C:
	}
}

// close keeps the office shut for longer each time, and gives for how long.
func (p *outbox) close() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Now().After(p.closed) { // mails that failed together count once
		p.pause = min(max(2*p.pause, firstPause), longestPause)
		p.closed = time.Now().Add(p.pause)
	}
	return time.Until(p.closed)
}

func (p *outbox) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause, p.closed = 0, time.Time{}
}

func (p *outbox) shut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Before(p.closed)
}

// runOutbox sends mails until ctx ends, and then lets those under way finish.
func (a *Mailer) runOutbox(ctx context.Context) {
	a.outbox.mails.wait(ctx, outboxPoll) // a start has other things to do first
	if err := a.store.ReleaseMails(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("release mails of an earlier run", "error", err)
	}
	desks := make(chan struct{}, mailsAtOnce)
	var sending sync.WaitGroup
	defer sending.Wait()
	for ctx.Err() == nil {
		desks <- struct{}{}
		m, err := a.nextMail(ctx)
		if m == nil {
			<-desks
			if err != nil && ctx.Err() == nil {
				a.log.Error("read the outbox", "error", err)
				a.outbox.mails.wait(ctx, failureBackoff)
			} else {
				a.outbox.mails.wait(ctx, outboxPoll)
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
func (a *Mailer) nextMail(ctx context.Context) (*store.Mail, error) {
	if a.outbox.shut() {
		return nil, nil
	}
	m, err := a.store.ClaimMail(ctx, claimLife)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return m, err
}

// deliver sends a claimed mail and writes down what came of it.
func (a *Mailer) deliver(ctx context.Context, m *store.Mail) {
	err := errTooOld
	if !m.TooOld {
		err = a.holdClaim(ctx, m, func(ctx context.Context) error { return a.sendMail(ctx, m) })
	}
	if err == nil {
		a.outbox.open()
		a.outbox.sent.Add(1)
		err = a.store.MailSent(ctx, m)
	} else {
		err = a.notDelivered(ctx, m, err)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		a.log.Error("note what came of a mail", "mail", m.ID, "error", err) // its claim ends by itself
	}
	a.outbox.mails.notify()
}

// holdClaim renews the claim of a mail for as long as work takes, and ends work when the claim was lost.
func (a *Mailer) holdClaim(ctx context.Context, m *store.Mail, work func(context.Context) error) error {
	working, done := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer done()
	renewing.Go(func() {
		tick := time.NewTicker(claimRenewal)
		defer tick.Stop()
		for {
			select {
			case <-working.Done():
				return
			case <-tick.C:
			}
			if err := a.store.ExtendClaim(ctx, m, claimLife); errors.Is(err, store.ErrNotFound) {
				done()
			}
		}
	})
	return work(working)
}

var errTooOld = errors.New("its link or its news is too old to be sent")

// notDelivered sets a mail aside that no retry would help, and delays any other. That the server can't be reached is no attempt of the mail's.
func (a *Mailer) notDelivered(ctx context.Context, m *store.Mail, why error) error {
	var delay time.Duration
	attempts := m.Attempts
	switch {
	case mail.IsPermanent(why), errors.Is(why, errTooOld), errors.Is(why, secretbox.ErrDecrypt):
		a.log.Warn("mail set aside", "mail", m.ID, "attempts", m.Attempts, "error", why)
		return a.store.SetMailAside(ctx, m, why.Error())
	case mail.IsUnreachable(why):
		delay = a.outbox.close()
		attempts--
	default:
		a.outbox.open()
		delay = min(firstDelay<<min(attempts-1, 10), longestDelay)
	}
	a.log.Warn("mail not sent yet", "mail", m.ID, "attempts", attempts, "again_in", delay.Round(time.Second), "error", why)
	return a.store.DelayMail(ctx, m, delay, attempts, why.Error())
}

// MailStats are the figures of the outbox, and what this process sent.
type MailStats struct {
	store.MailStats
	Sent int64
}

// MailStats counts the outbox.
func (a *Mailer) MailStats(ctx context.Context) (MailStats, error) {
	m, err := a.store.MailStats(ctx)
	return MailStats{m, a.outbox.sent.Load()}, err
}

// RemoveFailed removes mails that failed for good some time ago.
func (m *Mailer) RemoveFailed(ctx context.Context) error {
	return m.store.SweepMails(ctx, m.core.Now()-failedKept)
}
