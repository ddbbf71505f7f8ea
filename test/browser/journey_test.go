package browser_test

import (
	"bytes"
	"testing"

	"muster/client"
)

// TestJourney goes with somebody from the sign-up to the day when they forget their password, and with whom they bring along.
func TestJourney(t *testing.T) {
	s := newSite(t)
	s.configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnabled":false}}`) // they come into force on the way
	ann := &person{Client: client.New(s.url), name: "ann", email: "ann@example.com"}
	p := s.page(t)

	signUpAndVerify(t, s, p, ann)
	setUpTwoStep(t, p, ann)
	s.configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnabled":true}}`)
	p.press("Sign out")
	signInWithTerms(t, p, ann)
	changePicture(t, s, p, ann)
	endAnotherSession(t, s, p, ann)
	forgetPassword(t, s, p, ann)
	comeByInvitation(t, s)
}

func signUpAndVerify(t *testing.T, s *site, p *page, who *person) {
	t.Helper()
	p.open("/")
	p.heading("Sign in to " + siteName)
	p.follow("Create an account")
	p.heading("Create your account")
	p.signUp(who.email, who.name)
	p.heading("Check your email")
	p.push("Send a new link")
	link := s.mailed(t, who.email, "/do_verify_email", 2)

	p.login(who.name, password)
	p.heading("Check your email") // and not in

	p.open(link)
	p.heading("Confirm your email address")
	if _, err := who.Login(t.Context(), who.name, password); !client.HasID(err, "api.user.login.not_verified.app_error") {
		t.Fatalf("looking at the page that asks has verified the address: %v", err)
	}
	p.press("Confirm")
	p.heading("Your email address is confirmed")
	u, err := who.Login(t.Context(), who.name, password)
	must(t, err)
	who.id = u.ID
	must(t, who.Logout(t.Context()))

	p.follow("Sign in")
	p.fill("Username or email address", who.email)
	p.fill("Password", password)
	p.press("Sign in")
	p.at("/account")
	if got := p.value("Username"); got != who.name {
		t.Fatalf("the profile is %q's, want %q's", got, who.name)
	}
}

func setUpTwoStep(t *testing.T, p *page, who *person) {
	t.Helper()
	p.follow("Security")
	who.app = &authenticator{secret: p.beginTwoStep()}
	p.fill("Code from the app", "000000")
	p.press("Turn on")
	p.refused()
	if again := p.secret(); again != who.app.secret {
		t.Fatal("after a wrong code the page shows another secret than the one that the app has")
	}
	p.fill("Code from the app", who.app.code(t))
	p.press("Turn on")
	who.recovery = p.recoveryCodes()
	p.open("/account/security")
	p.find("Turn off two-step sign-in", buttons)
	p.unseen(who.recovery[0])
}

func signInWithTerms(t *testing.T, p *page, who *person) {
	t.Helper()
	p.open("/account/sessions")
	p.at("/login?redirect_to=%2Faccount%2Fsessions")
	p.fill("Username or email address", who.name)
	p.fill("Password", password)
	p.press("Sign in")
	p.heading("Two-step sign-in")
	p.fill(codeLabel, "000000")
	p.press("Continue")
	p.refused()
	p.heading("Two-step sign-in")
	p.fill(codeLabel, who.app.code(t))
	p.press("Continue")
	p.heading("Terms of service")
	p.see("Be kind to each other.")
	p.press("Accept")
	p.at("/account/sessions")

	who.use(t, p)
	if _, err := who.AcceptedTerms(t.Context(), client.Me); err != nil {
		t.Fatalf("the terms are not accepted: %v", err)
	}
}

func changePicture(t *testing.T, s *site, p *page, who *person) {
	t.Helper()
	before, err := s.admin.ProfileImage(t.Context(), who.id)
	must(t, err)
	p.open("/account")
	p.choose("New picture", picture(t))
	p.holds("a preview", "[...document.images].some(i => /^(blob|data):/.test(i.src) && i.naturalWidth > 0)")
	p.press("Upload picture")
	p.holds("no preview any more, and the picture", "[...document.images].some(i => i.naturalWidth > 0) && ![...document.images].some(i => i.src.startsWith('blob:'))")
	after, err := s.admin.ProfileImage(t.Context(), who.id)
	must(t, err)
	if bytes.Equal(before, after) {
		t.Fatal("the picture is what it was")
	}
	p.press("Remove picture")
	drawn, err := s.admin.ProfileImage(t.Context(), who.id)
	must(t, err)
	if !bytes.Equal(before, drawn) {
		t.Fatal("after the picture was removed there is another than before")
	}
}

// endAnotherSession ends a session of a program's, by its row in the list, and looks for what that leaves.
func endAnotherSession(t *testing.T, s *site, p *page, who *person) {
	t.Helper()
	other := client.New(s.url, client.WithUserAgent(firefox))
	_, err := other.LoginWith(t.Context(), client.Credentials{LoginID: who.name, Password: password, Code: who.recovery[1]})
	must(t, err)
	p.open("/account/sessions")
	p.row("Firefox").press("End session")
	p.unseen("Firefox")
	p.see("This session")
	if _, err := other.Me(t.Context()); !client.HasID(err, "api.context.session_expired.app_error") {
		t.Fatalf("the session that was ended still does: %v", err)
	}
	if sessions, err := who.Sessions(t.Context(), client.Me); err != nil || len(sessions) != 1 {
		t.Fatalf("%d sessions are left (%v), want this one", len(sessions), err)
	}
}

func forgetPassword(t *testing.T, s *site, p *page, who *person) {
	t.Helper()
	p.press("Sign out")
	p.open("/login")
	p.follow("Forgot your password?")
	p.heading("Reset your password")
	p.fill("Email address", who.email)
	p.press("Send me a link")
	p.heading("Check your email")
	p.open(s.mailed(t, who.email, "/reset_password_complete", 1))
	p.heading("Choose a new password")
	p.fill("New password", newPassword)
	p.press("Set password")
	p.see("Your password has been changed. Sign in with the new one.")

	p.login(who.name, password)
	p.refused() // the old one is none any more
	p.login(who.name, newPassword)
	p.heading("Two-step sign-in")
	p.fill(codeLabel, who.recovery[0])
	p.press("Continue")
	p.at("/account")
	p.press("Sign out")
	p.open("/account")
	p.heading("Sign in to " + siteName)
}

func comeByInvitation(t *testing.T, s *site) {
	t.Helper()
	const email = "ben@example.com"
	p := s.page(t)
	link := s.invitation(t, email)
	p.open(link)
	p.open(link) // as programs do that look at mails before their readers
	p.heading("Join Gardeners on " + siteName)
	if got := p.value("Email address"); got != email {
		t.Fatalf("the invitation is for %q, want %q", got, email)
	}
	p.fill("Username", "ben")
	p.fill("Password", password)
	p.press("Create account")
	p.heading("Terms of service") // and no other mail
	p.press("Accept")
	p.at("/account")

	ben, err := s.admin.UserByEmail(t.Context(), email)
	must(t, err)
	if _, err := s.admin.TeamMember(t.Context(), s.team.ID, ben.ID); err != nil {
		t.Fatalf("ben is no member of the team: %v", err)
	}
	again := s.page(t)
	again.open(link)
	again.see("invitation")
	if got := len(do(again, "look for the form", again.named("Create account", buttons))); got != 0 {
		t.Fatal("an invitation that was used offers an account once more")
	}
}
