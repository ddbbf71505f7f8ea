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
	mailSweep         = 1000 // failed mails that are deleted at a time
)

// Mail is a mail of the outbox. Times are Unix milliseconds.
type Mail struct {
	ID       string
	To       string // an address
	Content  string // encrypted: it holds links
	Link     *Link  // in it, to be inserted with it; nil for none
	CreateAt int64
	GiveUpAt int64 // when it is no longer worth sending
	Attempts int   // to send it; a claim counts as one
	TooOld   bool  // reports whether GiveUpAt had passed when it was claimed

	claims int // tells this claim from later ones
}

// Link is a mailed link's token, stored under the SHA-256 of its text.
type Link struct {
	Token  *muster.MailToken
	Hash   []byte
	Single bool // makes the account's earlier links of the purpose void
}

// Enqueue puts mails into the outbox and inserts the links in them.
func (t *Tx) Enqueue(ctx context.Context, mails ...*Mail) error {
	for _, m := range mails {
		if m.Link != nil {
			if err := t.InsertLink(ctx, m.Link); err != nil {
				return err
			}
		}
		t.changes.Mail = true
		_, err := t.exec(ctx, "INSERT INTO outbox (id, recipient, content, create_at, give_up_at, attempts, claims, next_at, failed_at, last_error) VALUES (?,?,?,?,?,0,0,?,0,'')",
			m.ID, m.To, m.Content, m.CreateAt, m.GiveUpAt, t.now)
		if err != nil {
			return fmt.Errorf("put a mail into the outbox: %w", err)
		}
	}
	return nil
}

// InsertLink makes a mailed link valid.
func (t *Tx) InsertLink(ctx context.Context, l *Link) error {
	if l.Single {
		if err := t.VoidLinks(ctx, l.Token.UserID, l.Token.Purpose); err != nil {
			return err
		}
	}
	return t.insertMailToken(ctx, l.Token, l.Hash)
}

const dueMail = "FROM outbox WHERE failed_at = 0 AND next_at <= ? ORDER BY next_at LIMIT 1"

// MailDue reports whether there is a mail to claim.
func (s *Store) MailDue(ctx context.Context) (bool, error) {
	_, err := scanString(s.queryRow(ctx, "SELECT id "+dueMail, s.now().UnixMilli()))
	return found(err)
}

// ClaimMail claims the mail that has been due longest and returns it; ErrNotFound when none is due. The claim ends after a time, so that another node
// takes over the mails of one that died.
func (t *Tx) ClaimMail(ctx context.Context, within time.Duration) (*Mail, error) {
	m := &Mail{}
	err := t.queryRow(ctx, "SELECT id, recipient, content, create_at, give_up_at, attempts, claims "+dueMail+t.s.dialect.forUpdateSkipLocked(), t.now).
		Scan(&m.ID, &m.To, &m.Content, &m.CreateAt, &m.GiveUpAt, &m.Attempts, &m.claims)
	if err != nil {
		return nil, noRow(err)
	}
	m.TooOld = m.GiveUpAt <= t.now
	m.Attempts++
	m.claims++
	_, err = t.exec(ctx, "UPDATE outbox SET attempts = ?, claims = ?, next_at = ? WHERE id = ?", m.Attempts, m.claims, t.now+within.Milliseconds(), m.ID)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// ExtendClaim makes a claim end after a time from now. It returns ErrNotFound when somebody else has claimed the mail since.
func (t *Tx) ExtendClaim(ctx context.Context, m *Mail, within time.Duration) error {
	return t.updateClaimed(ctx, m, "UPDATE outbox SET next_at = ? WHERE", t.now+within.Milliseconds())
}

// ReleaseMails makes all waiting mails due, including those that a previous process claimed, where no other process can use the database. Elsewhere it
// does nothing: the claims of nodes that died end by themselves.
func (t *Tx) ReleaseMails(ctx context.Context) error {
	if !t.s.dialect.exclusive() {
		return nil
	}
	_, err := t.exec(ctx, "UPDATE outbox SET next_at = ? WHERE failed_at = 0 AND next_at > ?", t.now, t.now)
	return err
}

// DeleteMail deletes a claimed mail. Errors as ExtendClaim's.
func (t *Tx) DeleteMail(ctx context.Context, m *Mail) error {
	return t.updateClaimed(ctx, m, "DELETE FROM outbox WHERE")
}

// DelayMail ends the claim of a mail, which is due again after a time, and stores the attempts so far and why the last one failed. Errors as
// ExtendClaim's.
func (t *Tx) DelayMail(ctx context.Context, m *Mail, delay time.Duration, attempts int, why string) error {
	return t.updateClaimed(ctx, m, "UPDATE outbox SET next_at = ?, attempts = ?, last_error = ? WHERE", t.now+delay.Milliseconds(), attempts, truncate(why))
}

// FailMail marks a claimed mail as failed, which ends the attempts to send it, and stores why. Errors as ExtendClaim's.
func (t *Tx) FailMail(ctx context.Context, m *Mail, why string) error {
	return t.updateClaimed(ctx, m, "UPDATE outbox SET failed_at = ?, last_error = ? WHERE", t.now, truncate(why))
}

// updateClaimed runs a statement on a mail unless somebody else has claimed it since.
func (t *Tx) updateClaimed(ctx context.Context, m *Mail, statement string, args ...any) error {
	return changed(t.exec(ctx, statement+" id = ? AND claims = ? AND failed_at = 0", append(args, m.ID, m.claims)...))
}

func truncate(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), lastErrorMaxBytes)], "")
}

// MailStats are the numbers of mails in the outbox.
type MailStats struct{ Waiting, Failed int64 }

// MailStats counts the mails in the outbox.
func (s *Store) MailStats(ctx context.Context) (m MailStats, err error) {
	err = s.queryRow(ctx, "SELECT (SELECT count(*) FROM outbox WHERE failed_at = 0), (SELECT count(*) FROM outbox WHERE failed_at > 0)").Scan(&m.Waiting, &m.Failed)
	return m, err
}

// DeleteFailedMails deletes mails that failed before a time (Unix ms), a limited number at a time.
func (t *Tx) DeleteFailedMails(ctx context.Context, before int64) error {
	_, err := t.exec(ctx, "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE failed_at > 0 AND failed_at < ? LIMIT ?)", before, mailSweep)
	return err
}
