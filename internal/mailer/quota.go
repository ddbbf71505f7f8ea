package mailer

import (
	"errors"
	"slices"
	"time"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// mailsAnHour go to an address at somebody's wish, other than the links that its own account asks for.
const mailsAnHour = 5

var ErrMailedEnough = muster.E(muster.RateLimited, "app.mail.too_many.app_error")

// RecipientQuota counts the mails that people have sent to an address, whoever's that is.
func RecipientQuota(email string) store.MailQuota {
	return store.MailQuota{Scope: "recipient " + email, Most: mailsAnHour, Period: time.Hour}
}

// How the quotas of invitations follow from TeamSettings.MaxInvitationsPerDay, which is that of one person.
const (
	invitationsBurst = 4  // so much of the day's quota lasts for an hour: a quarter
	teamInvitations  = 2  // times as many go to one team, by all but administrators
	adminInvitations = 10 // times as many may an administrator send
)

// InvitationQuotas count a person's invitations and those to a team, by the hour and by the day. An administrator's count for themselves alone: who invites
// a whole company must not use up what its members have.
func (m *Mailer) InvitationQuotas(who *core.Caller, teamID string, admin bool) []store.MailQuota {
	most := m.core.Config().TeamSettings.MaxInvitationsPerDay
	by := "invitations by " + who.ID()
	if admin {
		return dailyQuota(by, adminInvitations*most)
	}
	return slices.Concat(dailyQuota(by, most), dailyQuota("invitations to "+teamID, teamInvitations*most))
}

// dailyQuota allows so many in a day, and a part of them in an hour.
func dailyQuota(scope string, most int) []store.MailQuota {
	return []store.MailQuota{
		{Scope: scope + " an hour", Most: max(most/invitationsBurst, 1), Period: time.Hour},
		{Scope: scope + " a day", Most: most, Period: 24 * time.Hour},
	}
}

// OverQuota answers a quota that is used up with an error of kind RateLimited, which says when it is whole again, and leaves other errors alone.
func OverQuota(err error, refused *muster.Error) error {
	if over, ok := errors.AsType[*store.OverQuotaError](err); ok {
		return refused.After(over.Wait)
	}
	return err
}
