package auth

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"muster"
	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/mailer"
	"muster/internal/store"
)

const (
	attackLinesEvery = time.Second // in the log, in the long run
	attackLinesBurst = 30
)

// attacks makes attacks visible to operators: figures, and lines in the log as far as those are few.
type attacks struct {
	failures, lockouts, throttled, codes atomic.Int64

	lines   *rate.Limiter
	leftOut atomic.Int64 // lines since the last one
}

func newAttacks() *attacks {
	return &attacks{lines: rate.NewLimiter(rate.Every(attackLinesEvery), attackLinesBurst)}
}

// AttackStats are what this process has refused since its start.
type AttackStats struct {
	LoginFailures int64 // wrong passwords, and names that nobody has
	Lockouts      int64 // delays that began: of a network, a name in a network, an account, a device, a session or codes
	Throttled     int64 // attempts refused unseen during a delay
	CodeFailures  int64 // wrong one-time and recovery codes
}

// AttackStats returns the figures.
func (a *Auth) AttackStats() AttackStats {
	s := a.attacks
	return AttackStats{s.failures.Load(), s.lockouts.Load(), s.throttled.Load(), s.codes.Load()}
}

// warnOfAttack writes a line about a delay that begins (AttackStats.Lockouts). Names that nobody has are never in it: people type passwords there.
func (a *Auth) warnOfAttack(ctx context.Context, reason string, who *core.Caller, u *muster.User) {
	if !a.attacks.lines.Allow() {
		a.attacks.leftOut.Add(1)
		return
	}
	attrs := []slog.Attr{slog.String("reason", reason), slog.String("network", who.Network().String())}
	if u != nil {
		attrs = append(attrs, slog.String("user_id", u.ID))
	}
	if n := a.attacks.leftOut.Swap(0); n > 0 {
		attrs = append(attrs, slog.Int64("lines_left_out", n))
	}
	a.log.LogAttrs(ctx, slog.LevelWarn, "further attempts are delayed", attrs...)
}

// lockReasons say in the log and in an account's history what begins.
var lockReasons = map[store.CounterKind]string{
	store.CountNetwork: "many failed attempts from one network",
	store.CountPair:    "failed attempts on one name from one network",
	store.CountAccount: "failed attempts on one account from everywhere: the account is locked for other places than those it knows",
	store.CountDevice:  "failed attempts from a device that the account knew",
	store.CountCode:    "wrong codes after the right password",
	store.CountSession: "wrong passwords in an open session",
}

const (
	wrongPassword = "failure - wrong password"
	wrongCode     = "failure - wrong one-time code"
)

// failure is what a wrong password or code leaves besides its counters. As much is written where no account has the name: the time that a refused login
// takes must not tell.
type failure struct {
	attempt *attempt
	userID  string         // "" where no account has the name
	audit   *muster.Audit  // nil there
	always  bool           // the audit is written however many there are
	history store.Counter  // bounds the audits
	notice  *store.Counter // bounds the mails, nil where there is no reason for one
	mail    *store.Mail    // that tells the owner, nil for none
}

// fewerAudits ends the last audit that an account's history takes for a while.
const fewerAudits = " (more of these are left out for an hour)"

// attemptFailed writes down that an attempt was wrong and what begins with that: for the account's history, for its owner, the operators and the log.
// name is what was typed; u is whose it is, nil for nobody's.
func (a *Auth) attemptFailed(ctx context.Context, who *core.Caller, name string, u *muster.User, at *attempt, what string) error {
	defer a.decided(at)
	if what == wrongCode {
		a.attacks.codes.Add(1)
	} else {
		a.attacks.failures.Add(1)
	}
	f := a.newFailure(ctx, who, name, u, at, what)
	ctx = context.WithoutCancel(ctx)
	if err := a.store.Write(ctx, func(tx *store.Tx) error { return a.recordFailure(ctx, tx, f) }); err != nil {
		return fmt.Errorf("record a failed login: %w", err)
	}
	return nil
}

func (a *Auth) newFailure(ctx context.Context, who *core.Caller, name string, u *muster.User, at *attempt, what string) failure {
	identity := name
	if u != nil {
		identity = u.ID
	}
	f := failure{attempt: at, userID: idOf(u), history: a.counter(store.CountHistory, "", historyLimit, identity)}
	info, content := what, a.mailer.GuessingMessage
	for _, r := range at.reserved {
		if !r.Began {
			continue
		}
		a.attacks.lockouts.Add(1)
		a.warnOfAttack(ctx, lockReasons[r.Kind], who, u)
		if r.Kind == store.CountNetwork {
			continue // no account's matter
		}
		notice := a.counter(store.CountNotice, identity, noticeLimit, identity) // what unlocks the account forgets it: the next attack is news
		f.notice = &notice
		if r.Kind == store.CountAccount || r.Kind == store.CountCode {
			f.always = true
			info = fmt.Sprintf("%s; %s until %s", info, lockReasons[r.Kind], time.UnixMilli(r.BlockedUntil).UTC().Format(time.RFC3339))
		}
		if r.Kind == store.CountCode {
			content = a.mailer.PasswordKnownMessage
		}
	}
	if u != nil {
		f.audit = a.core.Audit(who, u.ID, info)
	}
	if f.notice != nil && u != nil && u.DeleteAt == 0 && !u.IsBot && a.core.Config().EmailSettings.SendEmailNotifications {
		f.mail = a.mailer.MessageWithLink(muster.MailToken{Purpose: muster.TokenUnlock, UserID: u.ID, Email: u.Email}, mailer.MailTokenLife,
			func(token string) mail.Content { return content(u, token, who) })
	}
	return f
}

// recordFailure counts a failure for the account to see and writes what is to be remembered of it, as far as the counters allow.
func (a *Auth) recordFailure(ctx context.Context, tx *store.Tx, f failure) error {
	if err := tx.CountFailedAttempt(ctx, f.userID); err != nil {
		return err
	}
	if err := tx.FailAttempt(ctx, f.attempt.reserved); err != nil {
		return err
	}
	bounds := []store.Counter{f.history}
	if f.notice != nil {
		bounds = append(bounds, *f.notice)
	}
	for i := range bounds {
		bounds[i].Soft = true
	}
	reserved, err := tx.ReserveAttempt(ctx, a.core.Now(), bounds...)
	if err != nil {
		return err
	}
	if history := reserved[0]; history.Taken || f.always {
		if err := a.auditFailure(ctx, tx, f, history.Began); err != nil {
			return err
		}
	}
	if f.notice == nil || !reserved[1].Taken || f.mail == nil {
		return nil
	}
	return tx.Enqueue(ctx, f.mail)
}

// auditFailure writes a failure into the account's history; last is the last one that it takes for a while.
func (a *Auth) auditFailure(ctx context.Context, tx *store.Tx, f failure, last bool) error {
	if f.audit == nil {
		return tx.SaveStandIn(ctx, f.history)
	}
	audit := *f.audit
	if last {
		audit.ExtraInfo += fewerAudits
	}
	return tx.Audit(ctx, &audit)
}

var (
	historyLimit = muster.AttemptLimit{Free: historyLines, More: historyLines, Delay: time.Hour, Longest: time.Hour, Memory: time.Hour, Window: true}
	noticeLimit  = muster.AttemptLimit{Free: 1, More: 1, Delay: noticePause, Longest: noticePause, Memory: attemptMemory}
)
