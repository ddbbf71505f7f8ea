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
	outboxPoll     = 2 * time.Second  // for mails of other nodes and those whose delay is over
	claimLife      = 20 * time.Second // after which another node takes over the mail of one that died
	claimRenewal   = 5 * time.Second
	firstDelay     = 10 * time.Second // of a mail that could not be sent; doubled each time
	longestDelay   = 10 * time.Minute
	firstPause     = 2 * time.Second // of all mail while the server can't be reached; doubled each time
	longestPause   = time.Minute
	failedKept     = 30 * core.Day
	failureBackoff = 5 * time.Second // of the workers while the database does not answer
)

// outbox is the state of the worker that sends the mails of the outbox.
type outbox struct {
	mails, links notifier // new mails, and new requests for links
	breaker      breaker
	sent         atomic.Int64
}

func newOutbox() *outbox { return &outbox{mails: newNotifier(), links: newNotifier()} }

// notifier wakes a worker. Notifications that come while the worker is busy count as one.
type notifier chan struct{}

func newNotifier() notifier { return make(notifier, 1) }

// notify makes the worker look for work now instead of at the next poll.
func (n notifier) notify() {
	select {
	case n <- struct{}{}:
	default:
	}
}

// wait returns at the next notification, after a time or when ctx ends, whichever comes first.
func (n notifier) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-n:
	case <-t.C:
	}
}

// breaker is a circuit breaker: it pauses all sending while the mail server can't be reached.
type breaker struct {
	mu    sync.Mutex
	pause time.Duration // the last one
	until time.Time     // the end of the pause
}

// trip pauses sending, for longer each time, and returns for how long.
func (b *breaker) trip() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().After(b.until) { // mails that failed together count once
		b.pause = min(max(2*b.pause, firstPause), longestPause)
		b.until = time.Now().Add(b.pause)
	}
	return time.Until(b.until)
}

func (b *breaker) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pause, b.until = 0, time.Time{}
}

func (b *breaker) tripped() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Before(b.until)
}

// ReleaseClaims makes the mails due that a previous process claimed, where no other process can use the database. It is for the start, before anything
// is claimed.
func (m *Mailer) ReleaseClaims(ctx context.Context) error {
	return m.store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseMails(ctx) })
}

// runOutbox sends mails until ctx ends, then waits for those under way.
func (m *Mailer) runOutbox(ctx context.Context) {
	m.outbox.mails.wait(ctx, outboxPoll) // a start has other things to do first
	semaphore := make(chan struct{}, mailsAtOnce)
	var sending sync.WaitGroup
	defer sending.Wait()
	for ctx.Err() == nil {
		semaphore <- struct{}{}
		claimed, err := m.claimMail(ctx)
		if claimed == nil {
			<-semaphore
			if err != nil && ctx.Err() == nil {
				m.log.Error("read the outbox", "error", err)
				m.outbox.mails.wait(ctx, failureBackoff)
			} else {
				m.outbox.mails.wait(ctx, outboxPoll)
			}
			continue
		}
		sending.Go(func() {
			defer func() { <-semaphore }()
			m.deliver(context.WithoutCancel(ctx), claimed)
		})
	}
}

// claimMail claims a mail that is due; nil when none is, or while sending is paused.
func (m *Mailer) claimMail(ctx context.Context) (claimed *store.Mail, err error) {
	if m.outbox.breaker.tripped() {
		return nil, nil
	}
	if due, err := m.store.MailDue(ctx); err != nil || !due {
		return nil, err // nearly always none is due, and finding that out needs no transaction
	}
	err = m.store.Write(ctx, func(tx *store.Tx) (err error) {
		claimed, err = tx.ClaimMail(ctx, claimLife)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err // the claim was not committed
	}
	return claimed, nil
}

// deliver sends a claimed mail and records the outcome.
func (m *Mailer) deliver(ctx context.Context, claimed *store.Mail) {
	err := errTooOld
	if !claimed.TooOld {
		err = m.holdClaim(ctx, claimed, func(ctx context.Context) error { return m.send(ctx, claimed) })
	}
	if err == nil {
		m.outbox.breaker.reset()
		m.outbox.sent.Add(1)
		err = m.store.Write(ctx, func(tx *store.Tx) error { return tx.DeleteMail(ctx, claimed) })
	} else {
		err = m.recordFailure(ctx, claimed, err)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		m.log.Error("record the outcome of sending a mail", "mail", claimed.ID, "error", err) // its claim ends by itself
	}
	m.outbox.mails.notify()
}

// holdClaim runs work and renews the claim meanwhile. It cancels work when the claim was lost.
func (m *Mailer) holdClaim(ctx context.Context, claimed *store.Mail, work func(context.Context) error) error {
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
			err := m.store.Write(ctx, func(tx *store.Tx) error { return tx.ExtendClaim(ctx, claimed, claimLife) })
			if errors.Is(err, store.ErrNotFound) {
				done()
			}
		}
	})
	return work(working)
}

var errTooOld = errors.New("its link has expired, or its news is too old to be sent")

// recordFailure marks a mail as failed if a retry would not help, and delays any other. An attempt does not count while the mail server can't be reached.
func (m *Mailer) recordFailure(ctx context.Context, claimed *store.Mail, cause error) error {
	var delay time.Duration
	attempts := claimed.Attempts
	switch {
	case mail.IsPermanent(cause), errors.Is(cause, errTooOld), errors.Is(cause, secretbox.ErrDecrypt):
		m.log.Warn("mail failed", "mail", claimed.ID, "attempts", attempts, "error", cause)
		return m.store.Write(ctx, func(tx *store.Tx) error { return tx.FailMail(ctx, claimed, cause.Error()) })
	case mail.IsUnreachable(cause):
		delay = m.outbox.breaker.trip()
		attempts--
	default:
		m.outbox.breaker.reset()
		delay = min(firstDelay<<min(attempts-1, 10), longestDelay)
	}
	m.log.Warn("mail not sent yet", "mail", claimed.ID, "attempts", attempts, "again_in", delay.Round(time.Second), "error", cause)
	return m.store.Write(ctx, func(tx *store.Tx) error { return tx.DelayMail(ctx, claimed, delay, attempts, cause.Error()) })
}

// MailStats are the numbers of mails in the outbox, and of those that this process sent.
type MailStats struct {
	store.MailStats
	Sent int64
}

// MailStats counts the mails in the outbox.
func (m *Mailer) MailStats(ctx context.Context) (MailStats, error) {
	stats, err := m.store.MailStats(ctx)
	return MailStats{stats, m.outbox.sent.Load()}, err
}

// DeleteFailedMails deletes mails that failed some time ago.
func (m *Mailer) DeleteFailedMails(ctx context.Context) error {
	return m.store.Write(ctx, func(tx *store.Tx) error { return tx.DeleteFailedMails(ctx, m.core.Now()-failedKept) })
}
