package mailer

import (
	"fmt"
	"net/url"
	"time"

	"muster"
	"muster/internal/core"
	"muster/internal/mail"
)

// The contents of mails, one function for each mail. Each says what to do if the reader did not cause it.

const leaveAlone = "If you didn't ask for this, you can ignore this email."

func greeting(u *muster.User) string { return "Hello " + u.Username + "," }

// notYou says what to do if somebody else did what only the account's owner should.
const notYou = "If this wasn't you, change your password and tell your administrator right away."

// byAdministrator reports whether somebody other than the account's owner did something. A mailed link is its owner's, whoever is signed in.
func byAdministrator(u *muster.User, who *core.Caller) bool {
	return who.Session != nil && who.ID() != u.ID
}

// deed says when something was done to an account, and whether by an administrator or from which address. It doesn't reveal an administrator's address.
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

// siteName returns the site's name for use in mails.
func (m *Mailer) siteName() string { return mail.SafeName(m.core.Config().TeamSettings.SiteName) }

// orElse says what to do if the owner did not do it, or doesn't know why an administrator did.
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

// WelcomeMessage welcomes a new account and asks it to verify its address, unless token is "".
func (m *Mailer) WelcomeMessage(u *muster.User, token string) mail.Content {
	content := mail.Content{
		Subject: "Welcome", Greeting: greeting(u),
		Paragraphs: []string{"Your account is ready. Sign in with your username, " + u.Username + ", or with this email address."},
		Button:     &mail.Button{Text: "Sign in", URL: m.core.PageURL("/login", nil)},
		Notes:      []string{"If you didn't create this account, someone else used your email address. Tell the site's administrator."},
	}
	if token != "" {
		content.Paragraphs = append(content.Paragraphs, "Confirm that this email address is yours. The link expires in 24 hours.")
		content.Button = m.verifyButton(u.Email, token)
	}
	return content
}

func (m *Mailer) resetMessage(u *muster.User, token string) mail.Content {
	return mail.Content{
		Subject: "Reset your password", Greeting: greeting(u),
		Paragraphs: []string{"Someone, probably you, asked to reset your password. The link works once and expires in 24 hours."},
		Button:     &mail.Button{Text: "Choose a new password", URL: m.core.PageURL("/reset_password_complete", url.Values{"token": {token}})},
		Notes:      []string{leaveAlone + " Your password won't change."},
	}
}

// PasswordChangedMessage says that the password was changed, and how many access tokens were revoked with the old one.
func (m *Mailer) PasswordChangedMessage(u *muster.User, revoked int64, who *core.Caller) mail.Content {
	content := mail.Content{
		Subject: "Your password was changed", Greeting: greeting(u),
		Paragraphs: []string{"Your password was changed, and your other devices were signed out."},
		Notes:      []string{orElse(u, who, notYou)},
	}
	switch {
	case revoked == 1:
		content.Paragraphs = append(content.Paragraphs, "Your access token was revoked, so the program that used it no longer works.")
	case revoked > 1:
		content.Paragraphs = append(content.Paragraphs, fmt.Sprintf("Your %d access tokens were revoked, so the programs that used them no longer work.", revoked))
	}
	content.Paragraphs = append(content.Paragraphs, m.deed(u, who))
	return content
}

// NewAddressMessage asks to verify the address that an account is to be changed to.
func (m *Mailer) NewAddressMessage(u *muster.User, email, token string) mail.Content {
	return mail.Content{
		Subject: "Confirm your new email address", Greeting: greeting(u),
		Paragraphs: []string{"Confirm that this is your new email address. Your account changes to it once you do. The link expires in 24 hours."},
		Button:     m.verifyButton(email, token),
		Notes:      []string{leaveAlone},
	}
}

// AddressChangedMessage tells the former and the new address of the change.
func (m *Mailer) AddressChangedMessage(before, after *muster.User, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "Your email address was changed", Greeting: greeting(after),
		Paragraphs: []string{fmt.Sprintf("Your email address was changed from %s to %s.", before.Email, after.Email), m.deed(after, who)},
		Notes:      []string{orElse(after, who, notYou)},
	}
}

// MfaMessage tells that two-step sign-in was turned on or off.
func (m *Mailer) MfaMessage(u *muster.User, on bool, who *core.Caller) mail.Content {
	content := mail.Content{
		Subject: "Two-step sign-in was turned on", Greeting: greeting(u),
		Paragraphs: []string{"From now on, you need a code from your authenticator app to sign in. Keep your recovery codes somewhere safe.", m.deed(u, who)},
		Notes:      []string{orElse(u, who, notYou)},
	}
	if !on {
		content.Subject = "Two-step sign-in was turned off"
		content.Paragraphs[0] = "From now on, your password is all you need to sign in."
	}
	return content
}

// RecoveryCodeMessage tells that a recovery code was used, and how many are left.
func (m *Mailer) RecoveryCodeMessage(u *muster.User, left int64, who *core.Caller) mail.Content {
	content := mail.Content{
		Subject: "A recovery code was used", Greeting: greeting(u),
		Paragraphs: []string{"A recovery code was used to sign in to your account. " + codesLeft(left), m.deed(u, who)},
		Button:     &mail.Button{Text: "Create new recovery codes", URL: m.core.PageURL("/account/security", nil)},
		Notes:      []string{notYou},
	}
	if who.Session != nil {
		content.Paragraphs[0] = "A recovery code was used to confirm a change to your account. " + codesLeft(left)
	}
	return content
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

// NewRecoveryCodesMessage says that there are new recovery codes.
func (m *Mailer) NewRecoveryCodesMessage(u *muster.User, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "You have new recovery codes", Greeting: greeting(u),
		Paragraphs: []string{"New recovery codes were created for your account. Your old ones no longer work.", m.deed(u, who)},
		Notes:      []string{notYou},
	}
}

// AccessTokenMessage says that there is a new access token.
func (m *Mailer) AccessTokenMessage(u *muster.User, t *muster.AccessToken, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "A new access token was created", Greeting: greeting(u),
		Paragraphs: []string{"An access token was created with the description \"" + t.Description + "\". A program that has it can act as you.", m.deed(u, who)},
		Notes:      []string{"If this wasn't you, revoke the token on your access tokens page and tell your administrator."},
	}
}

// DeactivatedMessage tells that an account was deactivated.
func (m *Mailer) DeactivatedMessage(u *muster.User, who *core.Caller) mail.Content {
	return mail.Content{
		Subject: "Your account was deactivated", Greeting: greeting(u),
		Paragraphs: []string{"Your account was deactivated, and you were signed out everywhere. Nobody can sign in to it until an administrator reactivates it.", m.deed(u, who)},
		Notes:      []string{"If you think this is a mistake, ask your administrator."},
	}
}

// InvitationMessage invites to a team. by names the inviter, and message is what they wrote, "" for nothing. People choose these names, and strangers get
// them, so they are made safe.
func (m *Mailer) InvitationMessage(team *muster.Team, by string, guest bool, message, token string) mail.Content {
	as := ""
	if guest {
		as = " as a guest"
	}
	name := mail.SafeName(team.DisplayName)
	content := mail.Content{
		Subject: "You're invited to " + name, Greeting: "Hello,",
		Paragraphs: []string{by + " invited you to join the team " + name + as + ". The link works once and expires in 48 hours."},
		Button:     &mail.Button{Text: "Accept the invitation", URL: m.core.PageURL("/signup_user_complete", url.Values{"t": {token}})},
		Notes:      []string{"If you weren't expecting this, you can ignore this email."},
	}
	if message != "" {
		content.Paragraphs = append(content.Paragraphs, "They write: "+message)
	}
	return content
}

// Inviter names the sender of an invitation as the settings allow, such as "Ana Weber (ana@example.com)".
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

// GuessingMessage tells an account's owner that somebody tries to guess the password.
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

// PasswordKnownMessage tells an account's owner that somebody tries to guess the codes, and so knows the password.
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

// lastAttempt says when and from which network the last attempt was made.
func (m *Mailer) lastAttempt(who *core.Caller) string {
	return "Last attempt: " + m.clock().UTC().Format(time.RFC1123) + ", from the network " + who.Network().String()
}

func (m *Mailer) unlockButton(token string) *mail.Button {
	return &mail.Button{Text: "Unlock my account", URL: m.core.PageURL("/unlock", url.Values{"token": {token}})}
}

// TestMessage is the mail of the test of the mail settings.
func (m *Mailer) TestMessage() mail.Content {
	return mail.Content{
		Subject: "Test email", Greeting: "Hello,",
		Paragraphs: []string{"Your email settings work: the mail server accepted this email, and it arrived."},
	}
}
