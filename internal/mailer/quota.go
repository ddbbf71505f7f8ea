package mailer

import (
	"errors"
	"slices"
	"time"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// mailsPerHour is how many mails to one address people can cause, beside the links that its own account requests.
const mailsPerHour = 5

// ErrMailedEnough is the error of RecipientQuota.
var ErrMailedEnough = muster.E(muster.RateLimited, "app.mail.too_many.app_error")

// RecipientQuota limits the mails to an address, whether or not it belongs to an account.
func RecipientQuota(email string) store.MailQuota {
	return store.MailQuota{Scope: "recipient " + email, Most: mailsPerHour, Period: time.Hour}
}

// How the quotas of invitations follow from TeamSettings.MaxInvitationsPerDay, a person's daily quota.
const (
	invitationsBurst = 4  // the hourly quota is the daily one divided by this
	teamInvitations  = 2  // a team's quota, which administrators don't count against, is this many times as high
	adminInvitations = 10 // an administrator's quota is this many times as high
)

// InvitationQuotas limit a person's invitations and those to a team, by the hour and by the day. An administrator's don't count against the team's quota:
// inviting a whole company must not use up what its members have.
func (m *Mailer) InvitationQuotas(who *core.Caller, teamID string, admin bool) []store.MailQuota {
	most := m.core.Config().TeamSettings.MaxInvitationsPerDay
	by := "invitations by " + who.ID()
	if admin {
		return dailyQuota(by, adminInvitations*most)
	}
	return slices.Concat(dailyQuota(by, most), dailyQuota("invitations to "+teamID, teamInvitations*most))
}

// dailyQuota returns a quota for a day, and one for an hour that is a part of it.
func dailyQuota(scope string, most int) []store.MailQuota {
	return []store.MailQuota{
		{Scope: scope + " an hour", Most: max(most/invitationsBurst, 1), Period: time.Hour},
		{Scope: scope + " a day", Most: most, Period: 24 * time.Hour},
	}
}

// OverQuota returns refused, with the time after which to retry, for *store.OverQuotaError, and any other error as it is.
func OverQuota(err error, refused *muster.Error) error {
	if over, ok := errors.AsType[*store.OverQuotaError](err); ok {
		return refused.After(over.Wait)
	}
	return err
}
