package browser_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"muster"
)

// withoutScripts turns JavaScript off for the page, as its owner may.
func (p *page) withoutScripts() {
	p.t.Helper()
	do(p, "turn scripts off", func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	})
}

func TestWrongPasswordAndUnknownNameLookTheSame(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	var said []string
	for _, name := range []string{ann.name, "nobody.at.all"} {
		p.login(name, wrongPassword)
		p.status(401)
		p.refused()
		if got := p.value("Username or email address"); got != name {
			t.Errorf("after the refusal the name is %q, want %q as it was typed", got, name)
		}
		if got := p.value("Password"); got != "" {
			t.Errorf("the page sends the password back: %q", got)
		}
		said = append(said, do(p, "read the alert", chromedp.Evaluate[string]("document.querySelector('[role=alert]').innerText")))
	}
	if said[0] != said[1] || !strings.Contains(said[0], "password") {
		t.Errorf("who knows a name is told %q, who does not is told %q", said[0], said[1])
	}
	p.fill("Password", wrongPassword)
	p.fill("Username or email address", ann.name)
	p.fill("Password", password)
	p.press("Sign in")
	p.at("/account")
}

func TestEverythingToSignUpAndInWorksWithoutScripts(t *testing.T) {
	s := newSite(t)
	p := s.page(t)
	p.withoutScripts()
	p.open("/signup_user_complete")
	p.signUp("ann@example.com", "admin")
	p.refused()
	if got := p.value("Email address"); got != "ann@example.com" {
		t.Errorf("after the refusal the address is %q", got)
	}
	p.signUp("ann@example.com", "ann")
	p.heading("Check your email")
	p.press("Send a new link")
	p.heading("Check your email")
	p.open(s.mailed(t, "ann@example.com", "/do_verify_email", 2))
	p.press("Confirm")
	p.follow("Sign in")

	p.login("ann", wrongPassword)
	p.refused()
	p.login("ann", password)
	p.heading("Terms of service")
	p.press("Accept")
	p.at("/account")

	p.choose("New picture", picture(t))
	p.press("Upload picture")
	p.find("Remove picture", buttons)
	p.open("/account/security")
	app := &authenticator{secret: p.beginTwoStep()}
	p.fill("Code from the app", app.code(t))
	p.press("Turn on")
	codes := p.recoveryCodes()
	p.press("Sign out")
	p.login("ann", password)
	p.fill(codeLabel, codes[0])
	p.press("Continue")
	p.at("/account")
}

func TestTermsDeclined(t *testing.T) {
	s := newSite(t)
	p := s.page(t)
	p.login(s.newcomer(t).name, password)
	p.press("Decline")
	p.see("declined")
	p.open("/account")
	p.heading("Sign in to " + siteName)
}

func TestSignInStartsAgain(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	ann.enrol(t)
	p := s.page(t)
	p.login(ann.name, password)
	p.heading("Two-step sign-in")
	p.open("/login")
	p.heading("Two-step sign-in") // where it was left
	p.press("Start over")
	p.heading("Sign in to " + siteName)
	p.open("/login")
	p.heading("Sign in to " + siteName)
}

func TestSignInLeadsBackButNeverAway(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	for asked, want := range map[string]string{
		"/account/tokens":      "/account/tokens",
		"//evil.example/":      "/account",
		`/\evil.example/`:      "/account",
		"https://evil.example": "/account",
		"/%09/evil.example":    "/account",
	} {
		p := s.page(t)
		p.open("/login?redirect_to=" + asked)
		p.fill("Username or email address", ann.name)
		p.fill("Password", password)
		p.press("Sign in")
		p.at(want)
	}
}

// TestWhatPeopleWriteIsNoMarkup looks at every place that shows what somebody chose: none may become part of the page.
func TestWhatPeopleWriteIsNoMarkup(t *testing.T) {
	const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>`
	s := newSite(t, "MUSTER_TEAMSETTINGS_SITENAME=<img src=x onerror=alert(4)>")
	ann := s.tokenMaker(t)
	_, err := ann.PatchUser(t.Context(), ann.id, &muster.UserPatch{Nickname: new(hostile), FirstName: new(hostile), LastName: new(hostile), Position: new(hostile)})
	must(t, err)
	_, err = ann.CreateAccessToken(t.Context(), ann.id, hostile, 0)
	must(t, err)
	_, err = s.admin.PatchTeam(t.Context(), s.team.ID, &muster.TeamPatch{DisplayName: new(`<img src=x onerror=alert(3)>`)})
	must(t, err)
	_, err = s.admin.CreateTerms(t.Context(), hostile)
	must(t, err)

	p := s.page(t)
	clean := func(see string) {
		t.Helper()
		if see != "" {
			p.see(see)
		}
		p.holds("no foreign elements", "document.querySelectorAll('img[src=x], script:not([src])').length === 0")
	}
	p.open("/terms")
	clean(hostile)
	p.open("/signup_user_complete?id=" + s.team.InviteID)
	clean("<img src=x onerror=alert(3)>")
	p.login(hostile, password)
	clean("")
	p.login(ann.name, password)
	clean(hostile)
	p.press("Accept")
	p.at("/account")
	clean("")
	for _, label := range []string{"First name", "Last name", "Nickname", "Position"} {
		if got := p.value(label); got != hostile {
			t.Errorf("%s holds %q", label, got)
		}
	}
	p.open("/account/tokens")
	clean(hostile)
	p.open("/<script>alert(5)</script>")
	clean("")
}
