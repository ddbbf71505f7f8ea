package mailer

import (
	"context"
	"slices"

	"muster"
	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/store"
)

// How long a mailed link is good.
const (
	MailTokenLife  = core.Day
	InvitationLife = 2 * core.Day
)

func MailTokenHash(token string) []byte {
	hash := core.HashToken(token)
	return hash[:]
}

// RequestLink has a link mailed to the active person whose address it is. It answers before that is looked up: the same, and as fast, whether the
// address is anybody's. Kinds: Invalid for what is no address, Unavailable.
func (m *Mailer) RequestLink(ctx context.Context, purpose, email string, audit *muster.Audit) error {
	email = muster.NormalizeName(email)
	if !muster.ValidEmail(email) {
		return muster.InvalidParam("email")
	}
	return m.store.RequestLink(ctx, &store.LinkRequest{Purpose: purpose, Email: email, Audit: audit})
}

// answerLinkRequests mails the links that are asked for, until ctx ends: beside the sending of mails, so that a flood of requests holds up none.
func (m *Mailer) answerLinkRequests(ctx context.Context) {
	m.outbox.links.wait(ctx, outboxPoll) // as in runPostOffice
	for ctx.Err() == nil {
		n, err := m.store.AnswerLinkRequests(ctx, m.requestedLink)
		switch {
		case err != nil && ctx.Err() == nil:
			m.log.Error("answer requests for links", "error", err)
			m.outbox.links.wait(ctx, failureBackoff)
		case n == 0:
			m.outbox.links.wait(ctx, outboxPoll)
		}
	}
}

// requestedLink is what a request brings the account whose address it names; nothing where it makes no sense.
func (a *Mailer) requestedLink(r *store.LinkRequest, u *muster.User) *store.Mail {
	m := muster.MailToken{Purpose: r.Purpose, UserID: u.ID, Email: u.Email}
	switch {
	case r.Purpose == muster.TokenPasswordRecovery && !u.IsSSO():
		return a.MessageWithLink(m, MailTokenLife, func(token string) mail.Content { return a.resetMessage(u, token) })
	case r.Purpose == muster.TokenVerifyEmail && !u.EmailVerified:
		return a.MessageWithLink(m, MailTokenLife, func(token string) mail.Content { return a.verifyMessage(u, token) })
	}
	return nil
}

// MailToken reads what a link's token is for: ids are the refusals of one that is none, was used or is for something else, and of one that ran out.
// The hash takes it out of use in the transaction of what it allows.
func (a *Mailer) MailToken(ctx context.Context, token string, invalid, expired string, purposes ...string) (m *muster.MailToken, hash []byte, err error) {
	if !muster.ValidMailToken(token) {
		return nil, nil, muster.InvalidParam("token")
	}
	hash = MailTokenHash(token)
	m, err = a.store.MailToken(ctx, hash)
	if err != nil {
		return nil, nil, core.Missing(err, muster.Invalid, invalid)
	}
	if !slices.Contains(purposes, m.Purpose) {
		return nil, nil, muster.E(muster.Invalid, invalid)
	}
	if m.ExpiresAt <= a.core.Now() {
		return nil, nil, muster.E(muster.Invalid, expired)
	}
	return m, hash, nil
}
