package app

import (
	"fmt"
	"net/url"
	"time"

	"muster"
	"muster/internal/mail"
)

// What mails say. Each function is one mail; the words are ours, English, and say what to do when it was not the reader's doing.

const leaveAlone = "If you did not ask for this, you can leave this mail alone."

func greeting(u *muster.User) string { return "Hello " + u.Username + "," }

// tellAdmin ends notices of what only the account's owner or an administrator should have done.
const tellAdmin = "If this was not your doing, tell your administrator at once and set a new password."

// when says when and from where something was done.
func (a *App) when(who *Caller) string {
	at := "When: " + a.clock().UTC().Format(time.RFC1123)
	if who.IP == "" {
		return at
	}
	return at + ", from the address " + who.IP
}

func (a *App) verifyLetter(u *muster.User, token string) mail.Letter {
	return mail.Letter{
		Subject: "Confirm your email address", Greeting: greeting(u),
		Paragraphs: []string{"Please confirm that this address is yours. The link works for 24 hours."},
		Button:     a.verifyButton(u.Email, token),
		Notes:      []string{leaveAlone},
	}
}

func (a *App) verifyButton(email, token string) *mail.Button {
	return &mail.Button{Text: "Confirm this address", URL: a.page("/do_verify_email", url.Values{"token": {token}, "email": {email}})}
}

// welcomeLetter greets a new account; token is "" for an address that is verified already.
func (a *App) welcomeLetter(u *muster.User, token string) mail.Letter {
	l := mail.Letter{
		Subject: "Welcome", Greeting: greeting(u),
		Paragraphs: []string{"Your account is ready. You sign in with your username, " + u.Username + ", or with this address."},
		Button:     &mail.Button{Text: "Sign in", URL: a.page("/login", nil)},
		Notes:      []string{"If you did not make this account, somebody else used your address: tell the site's administrator."},
	}
	if token != "" {
		l.Paragraphs = append(l.Paragraphs, "Please confirm that this address is yours. The link works for 24 hours.")
		l.Button = a.verifyButton(u.Email, token)
	}
	return l
}

func (a *App) resetLetter(u *muster.User, token string) mail.Letter {
	return mail.Letter{
		Subject: "Reset your password", Greeting: greeting(u),
		Paragraphs: []string{"Somebody, probably you, asked for a new password of your account. The link works for 24 hours, and once."},
		Button:     &mail.Button{Text: "Choose a new password", URL: a.page("/reset_password_complete", url.Values{"token": {token}})},
		Notes:      []string{leaveAlone + " Your password stays as it is."},
	}
}

func (a *App) passwordChangedLetter(u *muster.User, who *Caller) mail.Letter {
	return mail.Letter{
		Subject: "Your password was changed", Greeting: greeting(u),
		Paragraphs: []string{"The password of your account was changed. Other devices were signed out.", a.when(who)},
		Notes:      []string{tellAdmin},
	}
}

// newAddressLetter asks the address that an account wants to change to.
func (a *App) newAddressLetter(u *muster.User, email, token string) mail.Letter {
	return mail.Letter{
		Subject: "Confirm your new email address", Greeting: greeting(u),
		Paragraphs: []string{"This is to be the address of your account from now on. It takes effect once you confirm it. The link works for 24 hours."},
		Button:     a.verifyButton(email, token),
		Notes:      []string{leaveAlone},
	}
}

// addressChangedLetter goes to the former and to the new address.
func (a *App) addressChangedLetter(before, after *muster.User, who *Caller) mail.Letter {
	return mail.Letter{
		Subject: "Your email address was changed", Greeting: greeting(after),
		Paragraphs: []string{fmt.Sprintf("The address of your account was changed from %s to %s.", before.Email, after.Email), a.when(who)},
		Notes:      []string{tellAdmin},
	}
}

func (a *App) mfaLetter(u *muster.User, on bool, who *Caller) mail.Letter {
	l := mail.Letter{
		Subject: "Two-step sign-in was turned on", Greeting: greeting(u),
		Paragraphs: []string{"Signing in to your account takes a code from your authenticator app from now on. Keep your recovery codes in a safe place.", a.when(who)},
		Notes:      []string{tellAdmin},
	}
	if !on {
		l.Subject = "Two-step sign-in was turned off"
		l.Paragraphs[0] = "Signing in to your account takes no code any more: the password alone opens it."
	}
	return l
}

func (a *App) accessTokenLetter(u *muster.User, t *muster.AccessToken, who *Caller) mail.Letter {
	return mail.Letter{
		Subject: "A new access token can use your account", Greeting: greeting(u),
		Paragraphs: []string{"An access token was made, with the description \"" + t.Description + "\". A program that has it acts in your name.", a.when(who)},
		Notes:      []string{"If you do not know of it, revoke it among your access tokens, and tell your administrator."},
	}
}

func (a *App) deactivatedLetter(u *muster.User, who *Caller) mail.Letter {
	return mail.Letter{
		Subject: "Your account was deactivated", Greeting: greeting(u),
		Paragraphs: []string{"Your account was deactivated and signed out everywhere. Nobody can sign in to it until an administrator brings it back.", a.when(who)},
		Notes:      []string{"If you think that this is a mistake, ask your administrator."},
	}
}

// invitationLetter invites to a team; message is the inviting person's own, "" for none.
func (a *App) invitationLetter(team *muster.Team, guest bool, message, token string) mail.Letter {
	as := ""
	if guest {
		as = " as a guest"
	}
	l := mail.Letter{
		Subject: "You are invited to " + team.DisplayName, Greeting: "Hello,",
		Paragraphs: []string{"You are invited to join the team " + team.DisplayName + as + ". The link works for 48 hours, and once."},
		Button:     &mail.Button{Text: "Accept the invitation", URL: a.page("/signup_user_complete", url.Values{"t": {token}})},
		Notes:      []string{"If you do not expect this, you can leave this mail alone."},
	}
	if message != "" {
		l.Paragraphs = append(l.Paragraphs, "They write: "+message)
	}
	return l
}

func (a *App) testLetter() mail.Letter {
	return mail.Letter{
		Subject: "Test mail", Greeting: "Hello,",
		Paragraphs: []string{"This mail shows that the mail settings work: the server took it, and it arrived here."},
	}
}
