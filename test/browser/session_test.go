package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"muster/client"
)

// TestTwoStepIsAskedOfEverybody: where the settings ask for it, nobody gets further than to its set-up.
func TestTwoStepIsAskedOfEverybody(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	s.configure(t, `{"ServiceSettings":{"EnforceMultifactorAuthentication":true}}`)
	p := s.page(t)
	p.login(ann.name, password)
	p.at("/account/security")
	p.see("This site requires two-step sign-in")
	p.open("/account/tokens")
	p.at("/account/security")
	app := &authenticator{secret: p.beginTwoStep()}
	p.fill("Code from the app", app.code(t))
	p.press("Turn on")
	if len(p.recoveryCodes()) == 0 {
		t.Fatal("no recovery codes are shown")
	}
	p.open("/account/tokens")
	p.at("/account/tokens")
}

// TestSessionEndsElsewhere while a form is open: nothing is saved, and sign-in leads back.
func TestSessionEndsElsewhere(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	p.account(ann, "/account")
	p.fill("Position", "Head gardener")
	must(t, ann.RevokeAllSessions(t.Context(), client.Me))
	p.press("Save profile")
	p.heading("Sign in to " + siteName)
	u, err := s.admin.User(t.Context(), ann.id)
	must(t, err)
	if u.Position != "" {
		t.Fatalf("without a session the position became %q", u.Position)
	}
	p.fill("Username or email address", ann.name)
	p.fill("Password", password)
	p.press("Sign in")
	p.at("/account")
}

// TestBackButtonShowsNothingAfterSigningOut to whoever sits down at the same screen.
func TestBackButtonShowsNothingAfterSigningOut(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	p.account(ann, "/account")
	p.open("/account/security")
	p.press("Sign out")
	p.heading("Sign in to " + siteName)
	do(p, "go back", chromedp.NavigateBack())
	p.heading("Sign in to " + siteName)
	p.unseen(ann.name)
}

// TestFormOfAnotherTab: a form that was opened before somebody else signed in changes nothing of theirs.
func TestFormOfAnotherTab(t *testing.T) {
	s := newSite(t)
	ann, ben := s.person(t), s.person(t)
	p := s.page(t)
	p.account(ann, "/account")
	p.fill("Position", "Head gardener")
	other := p.tab()
	other.open("/account")
	other.press("Sign out")
	other.signIn(ben)
	p.press("Save profile")
	p.status(403)
	p.refused()
	for _, who := range []*person{ann, ben} {
		if u, err := s.admin.User(t.Context(), who.id); err != nil || u.Position != "" {
			t.Errorf("the position of %s became %q (%v)", who.name, u.Position, err)
		}
	}
}
