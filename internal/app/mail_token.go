package app

import (
	"context"
	"errors"

	"muster"
	"muster/internal/store"
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
	hash := hashToken(token)
	return hash[:]
}

// mailLink has a link mailed to the active person whose address it is. It answers before that is looked up: the same, and as fast, whether the
// address is anybody's. Kinds: Invalid for what is no address, Unavailable.
func (a *App) mailLink(email string, audit *muster.Audit, mail func(context.Context, *muster.User, *muster.Audit) error) error {
	email = muster.FoldName(email)
	if !muster.ValidEmail(email) {
		return muster.InvalidParam("email")
	}
	return a.later(func(ctx context.Context) {
		u, err := a.store.UserByEmail(ctx, email)
		if errors.Is(err, store.ErrNotFound) || err == nil && (u.IsBot || u.DeleteAt != 0) {
			return
		}
		if err == nil {
			audit.UserID = u.ID
			err = mail(ctx, u, audit)
		}
		if err != nil {
			a.log.Error("mail a link", "for", audit.ExtraInfo, "error", err)
		}
	})
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
