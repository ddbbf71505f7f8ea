package app

import (
	"context"
	"errors"

	"muster"
	"muster/internal/mail"
	"muster/internal/store"
)

// mustVerify tells whether an account may only have an address that was proved to be its own.
func (a *App) mustVerify(u *muster.User) bool {
	return a.Config().EmailSettings.RequireEmailVerification && !u.IsBot && !u.IsSSO()
}

// mayAskFor refuses an address that somebody has, or that was mailed enough, before a mail asks for it. That two don't both get it is the database's matter.
func (a *App) mayAskFor(ctx context.Context, email string) error {
	_, err := a.store.UserByEmail(ctx, email)
	if err == nil {
		return muster.E(muster.Invalid, "app.user.save.email_exists.app_error").On("email")
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return overQuota(a.store.TakeMailQuota(ctx, recipientQuota(email)), errMailedEnough)
}

// askNewAddress mails the address that an account wants a link by which it takes effect; an earlier wish is void.
func (a *App) askNewAddress(u *muster.User, email string) store.Post {
	m := muster.MailToken{Purpose: muster.TokenChangeEmail, UserID: u.ID, Email: email}
	p := a.mailed(m, mailTokenLife, func(token string) mail.Content { return a.newAddressLetter(u, email, token) })
	p.Links[0].Single = true
	return p
}

// addressNotices tell the former and the new address of an account that it changed; nothing when it did not.
func (a *App) addressNotices(who *Caller, before, after *muster.User) store.Post {
	if before.Email == after.Email || after.IsBot {
		return store.Post{}
	}
	l := a.addressChangedLetter(before, after, who)
	p, second := a.noticeTo(before.Email, l), a.noticeTo(after.Email, l)
	p.Mails = append(p.Mails, second.Mails...)
	return p
}
