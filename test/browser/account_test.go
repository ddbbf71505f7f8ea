package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"muster/client"
)

func TestProfile(t *testing.T) {
	s := newSite(t)
	ann, other := s.person(t), s.person(t)
	p := s.page(t)
	p.account(ann, "/account")
	p.fill("First name", "Anne-Sophie")
	p.fill("Nickname", "Änn ☀")
	p.fill("Position", "Head gardener")
	p.press("Save profile")
	u, err := s.admin.User(t.Context(), ann.id)
	must(t, err)
	if u.FirstName != "Anne-Sophie" || u.Nickname != "Änn ☀" || u.Position != "Head gardener" || u.LastName != "Gardener" {
		t.Fatalf("the account is %+v", u)
	}
	p.fill("Username", other.name)
	p.fill("Position", "Chief gardener")
	p.press("Save profile")
	p.refused()
	if got := p.value("Position"); got != "Chief gardener" {
		t.Errorf("after the refusal the position is %q, want it as it was typed", got)
	}
}

func TestNewAddressIsVerifiedAnew(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	p.account(ann, "/account")
	form := p.form("Change email address")
	form.fill("New email address", "ann.new@example.com")
	form.fill("Current password", wrongPassword)
	form.press("Change email address")
	p.refused()
	form.fill("Current password", password)
	form.press("Change email address")
	if me, err := ann.Me(t.Context()); err != nil || me.Email != ann.email {
		t.Fatalf("before it is verified the account has the address %s (%v)", me.Email, err)
	}
	p.open(s.mailed(t, "ann.new@example.com", "/do_verify_email", 1))
	p.press("Confirm")
	p.heading("Your email address is confirmed")
	p.find("Go to your account", links)
	u, err := ann.Me(t.Context())
	must(t, err)
	if u.Email != "ann.new@example.com" || !u.EmailVerified {
		t.Fatalf("the address is %s, verified: %t", u.Email, u.EmailVerified)
	}
}

// TestPasswordStrengthIsShown as it is typed, which sends nothing away but to the site, and is announced.
func TestPasswordStrengthIsShown(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	p.account(ann, "/account/security")
	form := p.form("Change password")
	const shown = "document.querySelector('form [aria-live=polite]').innerText.trim()"
	var judged []string
	for _, typed := range []string{"password", "correct horse battery staple"} {
		form.fill("New password", typed)
		p.holds("a judgement of "+typed, shown+" !== '' && "+shown+" !== %s", strings.Join(judged, ""))
		judged = append(judged, do(p, "read the judgement", chromedp.Evaluate[string](shown)))
	}
	form.fill("Current password", password)
	form.press("Change password")
	if _, err := client.New(s.url).Login(t.Context(), ann.name, "correct horse battery staple"); err != nil {
		t.Fatalf("the new password is not in force: %v", err)
	}
	p.open("/account")
	p.at("/account") // this session goes on
}

func TestTwoStepIsTurnedOff(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	ann.enrol(t)
	p := s.page(t)
	p.account(ann, "/account/security")
	form := p.form("Turn off two-step sign-in")
	form.press("Turn off two-step sign-in") // the session is fresh, so nothing is asked
	p.open("/account/security")
	p.unseen("Turn off two-step sign-in")
	again := s.page(t)
	again.login(ann.name, password)
	again.at("/account")
}

func TestAllOtherSessionsEnd(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p, other := s.page(t), s.page(t)
	p.signIn(ann)
	other.signIn(ann)
	p.open("/account/sessions")
	p.press("End all other sessions")
	p.see("This session")
	other.open("/account")
	other.heading("Sign in to " + siteName)
	if _, err := ann.Me(t.Context()); err == nil {
		t.Error("a program's session still goes on")
	}
	p.open("/account")
	p.at("/account")
}

func TestAccessTokens(t *testing.T) {
	s := newSite(t)
	ann := s.tokenMaker(t)
	p := s.page(t)
	p.account(ann, "/account/tokens")
	p.fill("What's it for?", "Nightly backup")
	p.press("Create token")
	token := do(p, "read the token", chromedp.Evaluate[string](`document.querySelector("main").innerText.match(/\b[a-z0-9]{26}\b/)?.[0] ?? ""`))
	program := client.New(s.url, client.WithToken(token))
	if me, err := program.Me(t.Context()); err != nil || me.ID != ann.id {
		t.Fatalf("the token %q does not work: %v", token, err)
	}
	p.open("/account/tokens")
	p.unseen(token)
	p.row("Nightly backup").press("Revoke")
	p.unseen("Nightly backup")
	p.see("Calendar")
	if _, err := program.Me(t.Context()); err == nil {
		t.Error("the token works although it is revoked")
	}
}
