package accounts

import (
	"context"
	"errors"

	"muster"
	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/mailer"
	"muster/internal/store"
)

// mustVerifyAddress reports whether an account may only have an address that was proved to be its own.
func (a *Accounts) mustVerifyAddress(u *muster.User) bool {
	return a.core.Config().EmailSettings.RequireEmailVerification && !u.IsBot && !u.IsSSO()
}

// requireAddressQuota refuses an address that somebody has, or that was mailed enough, before a mail asks for it. That two don't both get it is the database's matter.
func (a *Accounts) requireAddressQuota(ctx context.Context, email string) error {
	_, err := a.store.UserByEmail(ctx, email)
	if err == nil {
		return muster.E(muster.Invalid, "app.user.save.email_exists.app_error").On("email")
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error { return tx.TakeMailQuota(ctx, mailer.RecipientQuota(email), 1) })
	return mailer.OverQuota(err, mailer.ErrMailedEnough)
}

// askNewAddress mails the address that an account wants a link by which it takes effect; an earlier wish is void.
func (a *Accounts) askNewAddress(u *muster.User, email string) *store.Mail {
	m := muster.MailToken{Purpose: muster.TokenChangeEmail, UserID: u.ID, Email: email}
	message := a.mailer.MessageWithLink(m, mailer.MailTokenLife, func(token string) mail.Content { return a.mailer.NewAddressMessage(u, email, token) })
	message.Link.Single = true
	return message
}

// addressNotices tell the former and the new address of an account that it changed; nothing when it did not.
func (a *Accounts) addressNotices(who *core.Caller, before, after *muster.User) []*store.Mail {
	if before.Email == after.Email || after.IsBot {
		return nil
	}
	l := a.mailer.AddressChangedMessage(before, after, who)
	return append(a.mailer.NotificationTo(before.Email, l), a.mailer.NotificationTo(after.Email, l)...)
}
