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

// attemptFailed writes down that an attempt was wrong and what begins with that: for the account's history, for its owner, the operators and the log.
// name is what was typed; u is whose it is, nil for nobody's.
func (a *Auth) attemptFailed(ctx context.Context, who *core.Caller, name string, u *muster.User, at *attempt, what string) error {
	defer a.decided(at)
	if what == wrongCode {
		a.attacks.codes.Add(1)
	} else {
		a.attacks.failures.Add(1)
	}
	identity := name
	if u != nil {
		identity = u.ID
	}
	f := store.FailedAttempt{Reserved: at.reserved, UserID: idOf(u), History: a.counter(store.CountHistory, "", historyLimit, identity)}
	info, letter := what, a.mailer.GuessingMessage
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
		f.Notice = &notice
		if r.Kind == store.CountAccount || r.Kind == store.CountCode {
			f.Always = true
			info = fmt.Sprintf("%s; %s until %s", info, lockReasons[r.Kind], time.UnixMilli(r.BlockedUntil).UTC().Format(time.RFC3339))
		}
		if r.Kind == store.CountCode {
			letter = a.mailer.PasswordKnownMessage
		}
	}
	if u != nil {
		f.Audit = a.core.Audit(who, u.ID, info)
	}
	if f.Notice != nil && u != nil && u.DeleteAt == 0 && !u.IsBot && a.core.Config().EmailSettings.SendEmailNotifications {
		f.Mail = a.mailer.MessageWithLink(muster.MailToken{Purpose: muster.TokenUnlock, UserID: u.ID, Email: u.Email}, mailer.MailTokenLife,
			func(token string) mail.Content { return letter(u, token, who) })
	}
	err := a.store.RecordFailedAttempt(context.WithoutCancel(ctx), a.core.Now(), f)
	if err != nil {
		return fmt.Errorf("count failed sign-in: %w", err)
	}
	if u != nil {
		a.core.Cache.Forget(u.ID)
	}
	return nil
}

var (
	historyLimit = muster.AttemptLimit{Free: historyLines, More: historyLines, Delay: time.Hour, Longest: time.Hour, Memory: time.Hour, Window: true}
	noticeLimit  = muster.AttemptLimit{Free: 1, More: 1, Delay: noticePause, Longest: noticePause, Memory: attemptMemory}
)
