package mailer

import (
	"fmt"
	"net/url"
	"time"

	"muster"
	"muster/internal/core"
	"muster/internal/mail"
)

// What mails say. Each function is one mail; the words are ours, English, and say what to do when it was not the reader's doing.

const leaveAlone = "If you didn't ask for this, you can ignore this email."

func greeting(u *muster.User) string { return "Hello " + u.Username + "," }

// notYou ends notices of what the account's owner did, unless somebody else did it.
const notYou = "If this wasn't you, change your password and tell your administrator right away."

// byAdministrator reports whether somebody else than the account's owner did something. A mailed link is its owner's, whoever is signed in.
func byAdministrator(u *muster.User, who *core.Caller) bool {
	return who.Session != nil && who.ID() != u.ID
}

// deed says who did something to an account, when and, for the owner's own doing, from where. Where an administrator sits is not the owner's business.
func (m *Mailer) deed(u *muster.User, who *core.Caller) string {
	at := "When: " + m.clock().UTC().Format(time.RFC1123)
	switch {
	case byAdministrator(u, who):
		return "An administrator of " + m.siteName() + " did this. " + at
	case who.IP == "":
		return at
	}
	return at + ", from the IP address " + who.IP
}

// siteName is the site's name as mails say it.
func (m *Mailer) siteName() string { return mail.SafeName(m.core.Config().TeamSettings.SiteName) }

// orElse ends a notice: what to do when the owner did not do it, or does not know why an administrator did.
func orElse(u *muster.User, who *core.Caller, notYou string) string {
	if byAdministrator(u, who) {
		return "If you don't know why, ask your administrator."
	}
	return notYou
}

func (m *Mailer) verifyMessage(u *muster.User, token string) mail.Content {
	return mail.Content{
		Subject: "Confirm your email address", Greeting: greeting(u),
		Paragraphs: []string{"Confirm that this email address is yours. The link expires in 24 hours."},
		Button:     m.verifyButton(u.Email, token),
		Notes:      []string{leaveAlone},
	}
}

func (m *Mailer) verifyButton(email, token string) *mail.Button {
	return &mail.Button{Text: "Confirm email address", URL: m.core.PageURL("/do_verify_email", url.Values{"token": {token}, "email": {email}})}
}

// WelcomeMessage greets a new account; token is "" for an address that is verified already.
func (m *Mailer) WelcomeMessage(u *muster.User, token string) mail.Content {
	l := mail.Content{
		Subject: "Welcome", Greeting: greeting(u),
		Paragraphs: []string{"Your account is ready. Sign in with your username, " + u.Username + ", or with this email address."},
		Button:     &mail.Button{Text: "Sign in", URL: m.core.PageURL("/login", nil)},
		Notes:      []string{"If you didn't create this account, someone else used your email address. Tell the site's administrator."},
	}
	if token != "" {
		l.Paragraphs = append(l.Paragraphs, "Confirm that this email address is yours. The link expires in 24 hours.")
		l.Button = m.verifyButton(u.Email, token)
	}
	return l
}

func (m *Mailer) resetMessage(u *muster.User, token string) mail.Content {
	return mail.Content{
		Subject: "Reset your password", Greeting: greeting(u),
		Paragraphs: []string{"Someone, probably you, asked to reset your password. The link works once and expires in 24 hours."},
		Button:     &mail.Button{Text: "Choose a new password", URL: m.core.PageURL("/reset_password_complete", url.Values{"token": {token}})},
		Notes:      []string{leaveAlone + " Your password won't change."},
	}
}

// PasswordChangedMessage tells of a new password and of how many access tokens were revoked with it.
func (m *Mailer) PasswordChangedMessage(u *muster.User, revoked int64, who *core.Caller) mail.Content {
	l := mail.Content{
		Subject: "Your password was changed", Greeting: greeting(u),
		Paragraphs: []string{"Your password was changed, and your other devices were signed out."},
		Notes:      []string{orElse(u, who, notYou)},
	}
	switch {
	case revoked == 1:
		l.Paragraphs = append(l.Paragraphs, "Your access token was revoked, so the program that used it no longer works.")
	case revoked > 1:
		l.Paragraphs = append(l.Paragraphs, fmt.Sprintf("Your %d access tokens were revoked, so the programs that used them no longer work.", revoked))
	}
	l.Paragraphs = append(l.Paragraphs, m.deed(u, who))
	return l
}

// NewAddressMessage asks the address that an account wants to change to.
func (m *Mailer) NewAddressMessage(u *muster.User, email, token string) mail.Content {
	return mail.Content{
		Subject: "Confirm your new email address", Greeting: greeting(u),
		Paragraphs: []string{"Confirm that this is your new email address. Your account changes to it once you do. The link expires in 24 hours."},
		Button:     m.verifyButton(email, token),
		Notes:      []string{leaveAlone},
	}
}

// AddressChangedMessage goes to the former and to the new address.
func (m *Mailer) AddressChangedMessage(before, after *muster.User, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "Your email address was changed", Greeting: greeting(after),
		Paragraphs: []string{fmt.Sprintf("Your email address was changed from %s to %s.", before.Email, after.Email), m.deed(after, who)},
		Notes:      []string{orElse(after, who, notYou)},
	}
}

func (m *Mailer) MfaMessage(u *muster.User, on bool, who *core.Caller) mail.Content {
	l := mail.Content{
		Subject: "Two-step sign-in was turned on", Greeting: greeting(u),
		Paragraphs: []string{"From now on, you need a code from your authenticator app to sign in. Keep your recovery codes somewhere safe.", m.deed(u, who)},
		Notes:      []string{orElse(u, who, notYou)},
	}
	if !on {
		l.Subject = "Two-step sign-in was turned off"
		l.Paragraphs[0] = "From now on, your password is all you need to sign in."
	}
	return l
}

// RecoveryCodeMessage tells of a used recovery code; left are the account's others.
func (m *Mailer) RecoveryCodeMessage(u *muster.User, left int64, who *core.Caller) mail.Content {
	l := mail.Content{
		Subject: "A recovery code was used", Greeting: greeting(u),
		Paragraphs: []string{"A recovery code was used to sign in to your account. " + codesLeft(left), m.deed(u, who)},
		Button:     &mail.Button{Text: "Create new recovery codes", URL: m.core.PageURL("/account/security", nil)},
		Notes:      []string{notYou},
	}
	if who.Session != nil {
		l.Paragraphs[0] = "A recovery code was used to confirm a change to your account. " + codesLeft(left)
	}
	return l
}

func codesLeft(n int64) string {
	switch n {
	case 0:
		return "It was your last one. Create new ones now, so that you can still sign in without your authenticator app."
	case 1:
		return "You have 1 left."
	}
	return fmt.Sprintf("You have %d left.", n)
}

func (m *Mailer) NewRecoveryCodesMessage(u *muster.User, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "You have new recovery codes", Greeting: greeting(u),
		Paragraphs: []string{"New recovery codes were created for your account. Your old ones no longer work.", m.deed(u, who)},
		Notes:      []string{notYou},
	}
}

func (m *Mailer) AccessTokenMessage(u *muster.User, t *muster.AccessToken, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "A new access token was created", Greeting: greeting(u),
		Paragraphs: []string{"An access token was created with the description \"" + t.Description + "\". A program that has it can act as you.", m.deed(u, who)},
		Notes:      []string{"If this wasn't you, revoke the token on your access tokens page and tell your administrator."},
	}
}

func (m *Mailer) DeactivatedMessage(u *muster.User, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "Your account was deactivated", Greeting: greeting(u),
		Paragraphs: []string{"Your account was deactivated, and you were signed out everywhere. Nobody can sign in to it until an administrator reactivates it.", m.deed(u, who)},
		Notes:      []string{"If you think this is a mistake, ask your administrator."},
	}
}

// InvitationMessage invites to a team; by is who does, and message their own, "" for none. The names are people's own choice and go to strangers.
func (m *Mailer) InvitationMessage(team *muster.Team, by string, guest bool, message, token string) mail.Content {
	as := ""
	if guest {
		as = " as a guest"
	}
	name := mail.SafeName(team.DisplayName)
	l := mail.Content{
		Subject: "You're invited to " + name, Greeting: "Hello,",
		Paragraphs: []string{by + " invited you to join the team " + name + as + ". The link works once and expires in 48 hours."},
		Button:     &mail.Button{Text: "Accept the invitation", URL: m.core.PageURL("/signup_user_complete", url.Values{"t": {token}})},
		Notes:      []string{"If you weren't expecting this, you can ignore this email."},
	}
	if message != "" {
		l.Paragraphs = append(l.Paragraphs, "They write: "+message)
	}
	return l
}

// Inviter is who sends an invitation, as far as the settings let people see each other: "Ana Weber (ana@example.com)".
func (m *Mailer) Inviter(who *core.Caller) string {
	u := who.User
	if u == nil {
		return "An administrator of " + m.siteName()
	}
	c, name := m.core.Config().PrivacySettings, ""
	if c.ShowFullName {
		name = mail.SafeName(u.FirstName + " " + u.LastName)
	}
	if name == "" {
		name = mail.SafeName(u.Username)
	}
	if c.ShowEmailAddress && !u.IsBot {
		return name + " (" + u.Email + ")"
	}
	return name + " (@" + u.Username + ")"
}

// GuessingMessage tells an account's owner that somebody guesses at the password.
func (m *Mailer) GuessingMessage(u *muster.User, token string, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "Failed attempts to sign in to your account", Greeting: greeting(u),
		Paragraphs: []string{
			"Someone entered a wrong password for your account several times. We're slowing down further attempts, so you may have to wait before you can sign in from a new device.",
			m.lastAttempt(who),
			"If this was you, or if you can't sign in, unlock your account with the button below. The link works once and expires in 24 hours.",
		},
		Button: m.unlockButton(token),
		Notes:  []string{"If this wasn't you, there's nothing you have to do: nobody got in. A long password that you use nowhere else keeps it that way."},
	}
}

// PasswordKnownMessage tells an account's owner that somebody guesses at the codes, which takes the right password.
func (m *Mailer) PasswordKnownMessage(u *muster.User, token string, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "Someone knows your password", Greeting: greeting(u),
		Paragraphs: []string{
			"Someone entered the right password for your account, and then several wrong codes. If this wasn't you, change your password now.",
			m.lastAttempt(who),
			"If this was you, unlock your account with the button below. The link works once and expires in 24 hours.",
		},
		Button: m.unlockButton(token),
		Notes:  []string{"You can choose a new password at " + m.core.PageURL("/reset_password", nil) + "."},
	}
}

// lastAttempt says when and from where an attempt was made.
func (m *Mailer) lastAttempt(who *core.Caller) string {
	return "Last attempt: " + m.clock().UTC().Format(time.RFC1123) + ", from the network " + who.Network().String()
}

func (m *Mailer) unlockButton(token string) *mail.Button {
	return &mail.Button{Text: "Unlock my account", URL: m.core.PageURL("/unlock", url.Values{"token": {token}})}
}

func (m *Mailer) TestMessage() mail.Content {
	return mail.Content{
		Subject: "Test email", Greeting: "Hello,",
		Paragraphs: []string{"Your email settings work: the mail server accepted this email, and it arrived."},
	}
}
