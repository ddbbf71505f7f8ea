package mailer

import (
	"context"
	"errors"
	"slices"

	"muster"
	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/store"
)

// How long mailed links are valid.
const (
	MailTokenLife  = core.Day
	InvitationLife = 2 * core.Day
)

const (
	linkRequestsAtOnce = 100 // that are answered in one transaction
	linksPerHour       = 3   // mailed to one account for one purpose, so that a stranger can't flood a mailbox
)

// MailTokenHash returns what a link's token is stored under.
func MailTokenHash(token string) []byte {
	hash := core.HashToken(token)
	return hash[:]
}

// RequestLink has a link mailed to the active person that an address belongs to. It returns before the account is looked up, so neither its result nor
// its time reveals whether there is one. Kinds: Invalid for what is not an address, Unavailable.
func (m *Mailer) RequestLink(ctx context.Context, purpose, email string, audit *muster.Audit) error {
	email = muster.NormalizeName(email)
	if !muster.ValidEmail(email) {
		return muster.InvalidParam("email")
	}
	return m.store.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertLinkRequest(ctx, &store.LinkRequest{Purpose: purpose, Email: email, Audit: audit})
	})
}

// runLinkRequests mails requested links until ctx ends. It runs beside runOutbox, so that a flood of requests delays no mail.
func (m *Mailer) runLinkRequests(ctx context.Context) {
	m.outbox.links.wait(ctx, outboxPoll) // a start has other things to do first
	for ctx.Err() == nil {
		n, err := m.answerLinkRequests(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			m.log.Error("answer requests for links", "error", err)
			m.outbox.links.wait(ctx, failureBackoff)
		case n == 0:
			m.outbox.links.wait(ctx, outboxPoll)
		}
	}
}

// answerLinkRequests answers the oldest requests in one transaction, so that each is answered once, and returns how many there were.
func (m *Mailer) answerLinkRequests(ctx context.Context) (n int, err error) {
	if requested, err := m.store.LinkRequested(ctx); err != nil || !requested {
		return 0, err // nearly always there are none, and finding that out needs no transaction
	}
	err = m.store.Write(ctx, func(tx *store.Tx) error {
		requests, err := tx.TakeLinkRequests(ctx, linkRequestsAtOnce)
		if err != nil {
			return err
		}
		n = len(requests)
		for _, r := range requests {
			if err := m.answerLinkRequest(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// answerLinkRequest mails the link to the account that the address belongs to. It does nothing if there is none, if the account is inactive or a bot, if
// the link makes no sense for it, or if it was mailed enough of them.
func (m *Mailer) answerLinkRequest(ctx context.Context, tx *store.Tx, r *store.LinkRequest) error {
	u, err := tx.UserByEmailForUpdate(ctx, r.Email)
	if errors.Is(err, store.ErrNotFound) || err == nil && (u.IsBot || u.DeleteAt != 0) {
		return nil
	}
	if err != nil {
		return err
	}
	links, err := tx.CountLinks(ctx, u.ID, r.Purpose, tx.Now()-core.Hour)
	if err != nil || links >= linksPerHour {
		return err
	}
	message := m.requestedLink(r, u)
	if message == nil {
		return nil
	}
	if err := tx.Enqueue(ctx, message); err != nil {
		return err
	}
	r.Audit.UserID = u.ID
	return tx.Audit(ctx, r.Audit)
}

// requestedLink returns the mail with the link that was requested; nil if the account has no use for it.
func (m *Mailer) requestedLink(r *store.LinkRequest, u *muster.User) *store.Mail {
	link := muster.MailToken{Purpose: r.Purpose, UserID: u.ID, Email: u.Email}
	switch {
	case r.Purpose == muster.TokenPasswordRecovery && !u.IsSSO():
		return m.MessageWithLink(link, MailTokenLife, func(token string) mail.Content { return m.resetMessage(u, token) })
	case r.Purpose == muster.TokenVerifyEmail && !u.EmailVerified:
		return m.MessageWithLink(link, MailTokenLife, func(token string) mail.Content { return m.verifyMessage(u, token) })
	}
	return nil
}

// MailToken returns what a link's token is for, and its hash, for Tx.UseLink. The ids are those of the errors for a token that is unknown, was used or
// is for another purpose, and for one that has expired.
func (m *Mailer) MailToken(ctx context.Context, token string, invalid, expired string, purposes ...string) (link *muster.MailToken, hash []byte, err error) {
	if !muster.ValidMailToken(token) {
		return nil, nil, muster.InvalidParam("token")
	}
	hash = MailTokenHash(token)
	link, err = m.store.MailToken(ctx, hash)
	if err != nil {
		return nil, nil, core.Missing(err, muster.Invalid, invalid)
	}
	if !slices.Contains(purposes, link.Purpose) {
		return nil, nil, muster.E(muster.Invalid, invalid)
	}
	if link.ExpiresAt <= m.core.Now() {
		return nil, nil, muster.E(muster.Invalid, expired)
	}
	return link, hash, nil
}
