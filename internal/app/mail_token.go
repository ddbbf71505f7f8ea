package app

import (
	"context"
	"crypto/sha256"

	"muster"
)

// How long a mailed link is good.
const (
	mailTokenLife  = day
	invitationLife = 2 * day
)

// saveMailToken keeps what a mailed link is for and gives the link's token.
func (a *App) saveMailToken(ctx context.Context, m muster.MailToken, life int64, audits ...*muster.Audit) (token string, err error) {
	token = muster.NewMailToken()
	m.CreateAt = a.now()
	m.ExpiresAt = m.CreateAt + life
	return token, a.store.SaveMailToken(ctx, &m, mailTokenHash(token), audits...)
}

func mailTokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
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
	for _, p := range purposes {
		if m.Purpose != p {
			continue
		}
		if m.ExpiresAt <= a.now() {
			return nil, nil, muster.E(muster.Invalid, expired)
		}
		return m, hash, nil
	}
	return nil, nil, muster.E(muster.Invalid, invalid)
}
