package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"muster"
)

const (
	lastErrorMaxBytes = 500
	mailSweep         = 1000 // mails that one sweep clears away at most
)

// Mail is a mail that waits to be sent. Times are Unix milliseconds.
type Mail struct {
	ID       string
	To       string // an address
	Content  string // encrypted: it holds links
	Link     *Link  // in it, nil for none; what waits in the outbox does not say
	CreateAt int64
	GiveUpAt int64 // when it is of no more use
	Attempts int   // this one included, once it is claimed
	TooOld   bool  // GiveUpAt had passed when it was claimed

	claims int // which one is its claimer's
}

// Link is a mailed link's token, kept by the SHA-256 of its text.
type Link struct {
	Token  *muster.MailToken
	Hash   []byte
	Single bool // the account's earlier links of the purpose are void
}

// Enqueue puts mails into the outbox, and the links in them into use, as part of the change that they tell of.
func (t *Tx) Enqueue(ctx context.Context, mails ...*Mail) error {
	for _, m := range mails {
		if m.Link != nil {
			if err := t.InsertLink(ctx, m.Link); err != nil {
				return err
			}
		}
		t.changes.Mail = true
		_, err := t.exec(ctx, "INSERT INTO outbox (id, recipient, letter, create_at, give_up_at, attempts, claims, next_at, set_aside_at, last_error) VALUES (?,?,?,?,?,0,0,?,0,'')",
			m.ID, m.To, m.Content, m.CreateAt, m.GiveUpAt, t.now)
		if err != nil {
			return fmt.Errorf("put a mail into the outbox: %w", err)
		}
	}
	return nil
}

// InsertLink puts a mailed link into use.
func (t *Tx) InsertLink(ctx context.Context, l *Link) error {
	if l.Single {
		if err := t.VoidLinks(ctx, l.Token.UserID, l.Token.Purpose); err != nil {
			return err
		}
	}
	return t.insertMailToken(ctx, l.Token, l.Hash)
}

// ClaimMail takes the mail that is due longest for the caller alone, who must be done with it within a time; ErrNotFound when none is due. Another
// node takes a mail that its claimer did not come back from.
func (s *Store) ClaimMail(ctx context.Context, within time.Duration) (m *Mail, err error) {
	const due = "FROM outbox WHERE set_aside_at = 0 AND next_at <= ? ORDER BY next_at LIMIT 1"
	if _, err := scanString(s.queryRow(ctx, "SELECT id "+due, s.now().UnixMilli())); err != nil {
		return nil, noRow(err) // as nearly always: it costs no write
	}
	err = s.Write(ctx, func(t *Tx) error {
		m = &Mail{}
		err := t.queryRow(ctx, "SELECT id, recipient, letter, create_at, give_up_at, attempts, claims "+due+s.dialect.forUpdateSkipLocked(), t.now).
			Scan(&m.ID, &m.To, &m.Content, &m.CreateAt, &m.GiveUpAt, &m.Attempts, &m.claims)
		if err != nil {
			return noRow(err)
		}
		m.TooOld = m.GiveUpAt <= t.now
		m.Attempts++
		m.claims++
		_, err = t.exec(ctx, "UPDATE outbox SET attempts = ?, claims = ?, next_at = ? WHERE id = ?", m.Attempts, m.claims, t.now+within.Milliseconds(), m.ID)
		return err
	})
	if err != nil {
		return nil, err // a claim that was not committed is nobody's
	}
	return m, nil
}

// ExtendClaim makes a claim last for a time from now. ErrNotFound as in MailSent.
func (s *Store) ExtendClaim(ctx context.Context, m *Mail, within time.Duration) error {
	return s.ofClaim(ctx, m, "UPDATE outbox SET next_at = ? WHERE", s.now().Add(within).UnixMilli())
}

// ReleaseMails has all waiting mails tried now, those included that a process that is gone had claimed: this one holds an embedded database alone.
// Other nodes' claims end by themselves.
func (s *Store) ReleaseMails(ctx context.Context) error {
	if !s.dialect.exclusive() {
		return nil
	}
	return s.Write(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, "UPDATE outbox SET next_at = ? WHERE set_aside_at = 0 AND next_at > ?", t.now, t.now)
		return err
	})
}

// MailSent takes a mail out of the outbox. ErrNotFound when the claim was over and another node has it.
func (s *Store) MailSent(ctx context.Context, m *Mail) error {
	return s.ofClaim(ctx, m, "DELETE FROM outbox WHERE")
}

// DelayMail puts a claimed mail back for a time, and says why and after how many attempts. ErrNotFound as in MailSent.
func (s *Store) DelayMail(ctx context.Context, m *Mail, delay time.Duration, attempts int, why string) error {
	return s.ofClaim(ctx, m, "UPDATE outbox SET next_at = ?, attempts = ?, last_error = ? WHERE", s.now().Add(delay).UnixMilli(), attempts, cut(why))
}

// SetMailAside ends the attempts to send a claimed mail, and says why. ErrNotFound as in MailSent.
func (s *Store) SetMailAside(ctx context.Context, m *Mail, why string) error {
	return s.ofClaim(ctx, m, "UPDATE outbox SET set_aside_at = ?, last_error = ? WHERE", s.now().UnixMilli(), cut(why))
}

// ofClaim changes a mail as long as nobody else has claimed it since.
func (s *Store) ofClaim(ctx context.Context, m *Mail, change string, args ...any) error {
	return s.Write(ctx, func(t *Tx) error {
		return changed(t.exec(ctx, change+" id = ? AND claims = ? AND set_aside_at = 0", append(args, m.ID, m.claims)...))
	})
}

func cut(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), lastErrorMaxBytes)], "")
}

// MailStats are the figures of the outbox.
type MailStats struct{ Waiting, SetAside int64 }

// MailStats counts the outbox.
func (s *Store) MailStats(ctx context.Context) (m MailStats, err error) {
	err = s.queryRow(ctx, "SELECT (SELECT count(*) FROM outbox WHERE set_aside_at = 0), (SELECT count(*) FROM outbox WHERE set_aside_at > 0)").Scan(&m.Waiting, &m.SetAside)
	return m, err
}

// SweepMails clears away mails that were set aside before a time (Unix ms).
func (s *Store) SweepMails(ctx context.Context, before int64) error {
	return s.Write(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE set_aside_at > 0 AND set_aside_at < ? LIMIT ?)", before, mailSweep)
		return err
	})
}
