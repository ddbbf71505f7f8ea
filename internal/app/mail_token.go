package app

import (
	"context"
	"slices"

	"muster"
	"muster/internal/mail"
	"muster/internal/store"
)

// How long a mailed link is good.
const (
	mailTokenLife  = day
	invitationLife = 2 * day
)

func mailTokenHash(token string) []byte {
	hash := hashToken(token)
	return hash[:]
}

// requestLink has a link mailed to the active person whose address it is. It answers before that is looked up: the same, and as fast, whether the
// address is anybody's. Kinds: Invalid for what is no address, Unavailable.
func (a *App) requestLink(ctx context.Context, purpose, email string, audit *muster.Audit) error {
	email = muster.FoldName(email)
	if !muster.ValidEmail(email) {
		return muster.InvalidParam("email")
	}
	return a.store.RequestLink(ctx, &store.LinkRequest{Purpose: purpose, Email: email, Audit: audit})
}

// answerLinkRequests mails the links that are asked for, until ctx ends: beside the sending of mails, so that a flood of requests holds up none.
func (a *App) answerLinkRequests(ctx context.Context) {
	a.office.links.wait(ctx, outboxPoll) // as in runPostOffice
	for ctx.Err() == nil {
		n, err := a.store.AnswerLinkRequests(ctx, a.requestedLink)
		switch {
		case err != nil && ctx.Err() == nil:
			a.log.Error("answer requests for links", "error", err)
			a.office.links.wait(ctx, failureBackoff)
		case n == 0:
			a.office.links.wait(ctx, outboxPoll)
		}
	}
}

// requestedLink is what a request brings the account whose address it names; nothing where it makes no sense.
func (a *App) requestedLink(r *store.LinkRequest, u *muster.User) store.Post {
	m := muster.MailToken{Purpose: r.Purpose, UserID: u.ID, Email: u.Email}
	switch {
	case r.Purpose == muster.TokenPasswordRecovery && !u.IsSSO():
		return a.mailed(m, mailTokenLife, func(token string) mail.Content { return a.resetLetter(u, token) })
	case r.Purpose == muster.TokenVerifyEmail && !u.EmailVerified:
		return a.mailed(m, mailTokenLife, func(token string) mail.Content { return a.verifyLetter(u, token) })
	}
	return store.Post{}
}

// mailToken reads what a link's token is for: ids are the refusals of one that is none, was used or is for something else, and of one that ran out.
// The hash takes it out of use in the transaction of what it allows.
func (a *App) mailToken(ctx context.Context, token string, invalid, expired string, purposes ...string) (m *muster.MailToken, hash []byte, err error) {
	if !muster.ValidMailToken(token) {
		return nil, nil, muster.InvalidParam("token")
	}
	hash = mailTokenHash(token)
	m, err = a.store.MailToken(ctx, hash)
	if err != nil {
		return nil, nil, missing(err, muster.Invalid, invalid)
	}
	if !slices.Contains(purposes, m.Purpose) {
		return nil, nil, muster.E(muster.Invalid, invalid)
	}
	if m.ExpiresAt <= a.now() {
		return nil, nil, muster.E(muster.Invalid, expired)
	}
	return m, hash, nil
}
