package browser_test

import (
	"net/url"
	"slices"
	"testing"

	"muster/client"
)

// state is a page as people meet it: what holds for every page is held for each, and pictures are taken of each.
type state struct {
	name  string
	shown string // the picture of it that the README shows and docs/screenshots keeps, "" for none
	reach func(t *testing.T, s *site, p *page)
}

const (
	letterState   = "mail" // the one that is no page
	wrongPassword = "this is not it"
	newPassword   = "another long secret"
	firefox       = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"
	noToken       = "0000000000000000000000000000000000000000000000000000000000000000"
)

// states are all of them, in the order in which somebody new comes by.
var states = []state{
	{"sign-up", "390-dark", func(_ *testing.T, _ *site, p *page) {
		p.open("/signup_user_complete")
		p.heading("Create your account")
	}},
	{"sign-up-strength", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/signup_user_complete")
		p.fill("Password", "password1")
		p.holds("bars", "document.querySelector('.strength .bars')?.getBoundingClientRect().height > 0")
		p.see("easy to guess")
	}},
	{"sign-up-error", "", func(t *testing.T, s *site, p *page) {
		taken := s.person(t)
		p.open("/signup_user_complete")
		p.signUp("somebody.else@example.com", taken.name)
		p.refused()
	}},
	{"sign-up-by-mail", "", func(t *testing.T, s *site, p *page) {
		p.open(s.invitation(t, s.newName(t)+"@example.com"))
		p.heading("Join Gardeners on " + siteName)
	}},
	{"sign-up-by-link", "", func(_ *testing.T, s *site, p *page) {
		p.open("/signup_user_complete?id=" + s.team.InviteID)
		p.heading("Join Gardeners on " + siteName)
	}},
	{"sign-up-bad-link", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/signup_user_complete?t=" + noToken)
		p.refused()
	}},
	{"join", "", func(t *testing.T, s *site, p *page) {
		p.signIn(s.person(t))
		p.open("/signup_user_complete?id=" + s.team.InviteID)
		p.heading("Join Gardeners")
	}},
	{"sign-up-signed-in", "", func(t *testing.T, s *site, p *page) {
		p.signIn(s.person(t))
		p.open(s.invitation(t, s.newName(t)+"@example.com"))
		p.heading("You already have an account")
	}},
	{"check-mail", "", func(t *testing.T, s *site, p *page) {
		p.login(s.unverified(t).name, password)
		p.heading("Check your email")
	}},
	{"check-mail-again", "", func(t *testing.T, s *site, p *page) {
		someone := s.unverified(t)
		p.login(someone.name, password)
		p.fill("Email address", someone.email)
		p.told("Send a new link", "we've sent it a new link")
	}},
	{"verify", "", func(t *testing.T, s *site, p *page) {
		p.open(s.mailed(t, s.unverified(t).email, "/do_verify_email", 1))
		p.heading("Confirm your email address")
	}},
	{"verified", "", func(t *testing.T, s *site, p *page) {
		p.open(s.mailed(t, s.unverified(t).email, "/do_verify_email", 1))
		p.press("Confirm")
		p.heading("Your email address is confirmed")
	}},
	{"verify-bad-link", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/do_verify_email?" + url.Values{"token": {noToken}, "email": {"ann@example.com"}}.Encode())
		p.press("Confirm")
		p.refused()
	}},
	{"login", "1280-light", func(_ *testing.T, _ *site, p *page) {
		p.open("/login")
		p.heading("Sign in to " + siteName)
	}},
	{"login-error", "", func(t *testing.T, s *site, p *page) {
		p.login(s.person(t).name, wrongPassword)
		p.refused()
	}},
	{"login-code", "", func(t *testing.T, s *site, p *page) {
		someone := s.person(t)
		someone.enrol(t)
		p.login(someone.name, password)
		p.heading("Two-step sign-in")
	}},
	{"login-code-error", "", func(t *testing.T, s *site, p *page) {
		someone := s.person(t)
		someone.enrol(t)
		p.login(someone.name, password)
		p.fill(codeLabel, "123")
		p.press("Continue")
		p.refused()
	}},
	{"login-terms", "", func(t *testing.T, s *site, p *page) {
		p.login(s.newcomer(t).name, password)
		p.heading("Terms of service")
		p.find("Accept", buttons)
	}},
	{"login-expired", "", func(t *testing.T, s *site, p *page) {
		someone := s.person(t)
		someone.enrol(t)
		p.login(someone.name, password)
		p.heading("Two-step sign-in")
		must(t, s.admin.RevokeAllSessions(t.Context(), someone.id)) // and what would become one
		p.fill(codeLabel, someone.app.code(t))
		p.press("Continue")
		p.refused()
		p.heading("Sign in to " + siteName)
		p.see("took too long or was ended. Start over.")
	}},
	{"reset", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/reset_password")
		p.heading("Reset your password")
	}},
	{"reset-sent", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/reset_password")
		p.fill("Email address", "nobody@example.com")
		p.press("Send me a link")
		p.heading("Check your email")
	}},
	{"reset-sent-again", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/reset_password")
		p.fill("Email address", "nobody@example.com")
		p.press("Send me a link")
		p.told("Send it again", "sent it another link")
	}},
	{"reset-new-password", "", func(t *testing.T, s *site, p *page) {
		p.open(s.resetLink(t, s.person(t)))
		p.heading("Choose a new password")
	}},
	{"reset-error", "", func(t *testing.T, s *site, p *page) {
		p.open(s.resetLink(t, s.person(t)))
		p.fill("New password", "short")
		p.press("Set password")
		p.refused()
	}},
	{"reset-bad-link", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/reset_password_complete?token=" + noToken)
		p.fill("New password", newPassword)
		p.press("Set password")
		p.refused()
	}},
	{"login-after-reset", "", func(t *testing.T, s *site, p *page) {
		p.open(s.resetLink(t, s.person(t)))
		p.fill("New password", newPassword)
		p.press("Set password")
		p.see("Your password has been changed. Sign in with the new one.")
	}},
	{"terms", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/terms")
		p.heading("Terms of service")
	}},
	{"terms-asked", "", func(t *testing.T, s *site, p *page) {
		p.use(s.newcomer(t))
		p.open("/terms")
		p.find("Accept", buttons)
		p.find("Decline", buttons)
	}},
	{"account", "", func(t *testing.T, s *site, p *page) { p.account(s.person(t), "/account") }},
	{"account-error", "", func(t *testing.T, s *site, p *page) {
		taken := s.person(t)
		p.account(s.person(t), "/account")
		p.fill("Username", taken.name)
		p.press("Save profile")
		p.refused()
	}},
	{"account-picture", "", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account")
		p.choose("New picture", picture(t))
		p.press("Upload picture")
		p.find("Remove picture", buttons)
	}},
	{"security", "", func(t *testing.T, s *site, p *page) { p.account(s.person(t), "/account/security") }},
	{"security-error", "", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account/security")
		form := p.form("Change password")
		form.fill("Current password", wrongPassword)
		form.fill("New password", newPassword)
		form.press("Change password")
		p.refused()
	}},
	{"security-enrolment", "", func(t *testing.T, s *site, p *page) {
		someone := s.person(t)
		s.configure(t, `{"ServiceSettings":{"EnforceMultifactorAuthentication":true}}`)
		p.login(someone.name, password)
		p.at("/account/security")
		p.see("This site requires two-step sign-in")
	}},
	{"security-two-step", "", func(t *testing.T, s *site, p *page) {
		someone := s.person(t)
		someone.enrol(t)
		p.account(someone, "/account/security")
		p.find("Turn off two-step sign-in", buttons)
	}},
	{"two-step", "390-dark", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account/security")
		p.beginTwoStep()
	}},
	{"two-step-error", "", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account/security")
		p.beginTwoStep()
		p.fill("Code from the app", "123")
		p.press("Turn on")
		p.refused()
	}},
	{"recovery-codes", "", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account/security")
		app := &authenticator{secret: p.beginTwoStep()}
		p.fill("Code from the app", app.code(t))
		p.press("Turn on")
		p.recoveryCodes()
	}},
	{"sessions", "", func(t *testing.T, s *site, p *page) {
		someone := s.person(t)
		_, err := client.New(s.url, client.WithUserAgent(firefox)).Login(t.Context(), someone.name, password)
		must(t, err)
		p.account(someone, "/account/sessions")
		p.see("This session")
	}},
	{"tokens", "", func(t *testing.T, s *site, p *page) { p.account(s.tokenMaker(t), "/account/tokens") }},
	{"token-created", "", func(t *testing.T, s *site, p *page) {
		p.account(s.tokenMaker(t), "/account/tokens")
		p.fill("What's it for?", "Nightly backup")
		p.press("Create token")
		p.see("Nightly backup")
	}},
	{"tokens-refused", "", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account/tokens")
		p.see("Your account isn't allowed to have any.")
	}},
	{"tokens-off", "", func(t *testing.T, s *site, p *page) {
		someone := s.tokenMaker(t)
		s.configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":false}}`)
		p.account(someone, "/account/tokens")
		p.see("Access tokens are turned off on this site")
	}},
	{"data", "", func(t *testing.T, s *site, p *page) { p.account(s.person(t), "/account/data") }},
	{"data-error", "", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account/data")
		p.close("Deactivate my account", wrongPassword)
		p.refused()
	}},
	{"closed", "", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account/data")
		p.close("Deactivate my account", password)
		p.heading("Your account has been deactivated")
	}},
	{"deleted", "", func(t *testing.T, s *site, p *page) {
		p.account(s.person(t), "/account/data")
		p.close("Delete my account", password)
		p.heading("Your account has been deleted")
	}},
	{letterState, "390-dark", func(t *testing.T, s *site, p *page) {
		someone := s.unverified(t)
		s.mailed(t, someone.email, "/do_verify_email", 1)
		mails := s.inbox.To(t, someone.email)
		p.open(s.inbox.Page(mails[len(mails)-1]))
		p.see("Hello " + someone.name)
	}},
	{"not-found", "", func(_ *testing.T, _ *site, p *page) {
		p.open("/there/is/nothing/here")
		p.status(404)
	}},
	{"stale-form", "", func(t *testing.T, s *site, p *page) {
		p.open("/reset_password")
		p.tab().signIn(s.person(t)) // the form is of before
		p.fill("Email address", "nobody@example.com")
		p.press("Send me a link")
		p.status(403)
		p.refused()
	}},
}

// alone are the states that change a site's settings: their sites are theirs alone.
var alone = []string{"security-enrolment", "tokens-off"}

// eachState brings a fresh page into each state, two at a time.
func eachState(t *testing.T, s *site, look func(t *testing.T, p *page, st state)) {
	t.Helper()
	for _, st := range states {
		t.Run(st.name, func(t *testing.T) {
			t.Parallel()
			its := s
			if slices.Contains(alone, st.name) {
				its = newSite(t)
			}
			p := its.page(t)
			st.reach(t, its, p)
			look(t, p, st)
		})
	}
}
