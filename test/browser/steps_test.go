package browser_test

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const codeLabel = "Code from your authenticator app, or a recovery code"

// Steps that several scenarios have in common.

// login sends the first step of the sign-in.
func (p *page) login(name, password string) {
	p.t.Helper()
	p.open("/login")
	p.fill("Username or email address", name)
	p.fill("Password", password)
	p.press("Sign in")
}

// signIn goes through the whole sign-in of somebody who has accepted the terms.
func (p *page) signIn(who *person) {
	p.t.Helper()
	p.login(who.name, password)
	if who.app != nil {
		p.heading("Two-step sign-in")
		p.fill(codeLabel, who.app.code(p.t))
		p.press("Continue")
	}
	p.at("/account")
}

// account signs somebody in and opens one of the account's pages.
func (p *page) account(who *person, path string) {
	p.t.Helper()
	p.signIn(who)
	p.open(path)
	p.at(path)
}

func (p *page) signUp(email, name string) {
	p.t.Helper()
	p.fill("Email address", email)
	p.fill("Username", name)
	p.fill("Password", password)
	p.press("Create account")
}

var shownSecret = regexp.MustCompile(`\b(?:[A-Z2-7]{4} ?){8}\b`)

// beginTwoStep opens the set-up of two-step sign-in and returns the secret that it shows.
func (p *page) beginTwoStep() (secret string) {
	p.t.Helper()
	if len(do(p, "look for a link", p.named("Set up two-step sign-in", links))) > 0 {
		p.follow("Set up two-step sign-in")
	} else {
		p.press("Set up two-step sign-in")
	}
	p.find("Code from the app", fields)
	return p.secret()
}

// secret is that which the set-up of two-step sign-in shows.
func (p *page) secret() string {
	p.t.Helper()
	secret := strings.ReplaceAll(shownSecret.FindString(p.read()), " ", "")
	if secret == "" {
		p.fatalf("no secret is shown")
	}
	return secret
}

func (s scope) named(name string, roles []string) chromedp.Action[[]element] {
	return func(ctx context.Context, t *chromedp.Target) ([]element, error) { return s.all(ctx, t, name, roles) }
}

var shownRecoveryCode = regexp.MustCompile(`\b[a-z0-9]{4}(?:-[a-z0-9]{4}){3}\b`)

// recoveryCodes are those that the page shows, this once.
func (p *page) recoveryCodes() []string {
	p.t.Helper()
	codes := shownRecoveryCode.FindAllString(p.read(), -1)
	if len(codes) < 2 {
		p.fatalf("%d recovery codes are shown", len(codes))
	}
	return codes
}

// use sets the session of a user's client to the one that the page has.
func (who *person) use(t *testing.T, p *page) {
	t.Helper()
	jar := do(p, "read the cookies", func(ctx context.Context, t *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{})
	})
	for _, c := range jar.Cookies {
		if c.Name == "MMAUTHTOKEN" {
			who.SetToken(c.Value)
			return
		}
	}
	p.fatalf("there is no session")
}

// use gives the page the session that the client of a person has.
func (p *page) use(who *person) {
	p.t.Helper()
	do(p, "set the session's cookie", func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: "MMAUTHTOKEN", Value: who.Token(), URL: p.s.url})
	})
}

// told pushes a button, and waits for what is told of it on the page that stays.
func (p *page) told(button, news string) {
	p.t.Helper()
	do(p, "mark the page", chromedp.Evaluate[chromedp.Void]("window.stays = true"))
	p.push(button)
	p.holds("the news "+news, "window.stays && document.querySelector('[role=status]').innerText.includes(%s)", news)
}

// invitation has the administrator invite an address to the team by mail, and returns the mailed link.
func (s *site) invitation(t *testing.T, email string) string {
	t.Helper()
	_, err := s.admin.InviteToTeam(t.Context(), s.team.ID, []string{email}, false)
	must(t, err)
	return s.mailed(t, email, "/signup_user_complete", 1)
}

func (s *site) resetLink(t *testing.T, who *person) string {
	t.Helper()
	must(t, who.SendPasswordReset(t.Context(), who.email))
	return s.mailed(t, who.email, "/reset_password_complete", 1)
}

// tokenMaker is somebody who may make access tokens, and has one.
func (s *site) tokenMaker(t *testing.T) *person {
	t.Helper()
	someone := s.person(t)
	must(t, s.admin.UpdateUserRoles(t.Context(), someone.id, "system_user system_user_access_token"))
	_, err := someone.CreateAccessToken(t.Context(), someone.id, "Calendar", 0)
	must(t, err)
	return someone
}

// picture writes a picture of two colours and returns its path.
func picture(t *testing.T) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for i := range m.Pix {
		m.Pix[i] = 0xff
	}
	for y := range 256 {
		for x := range y {
			m.Set(x, y, color.RGBA{R: 0x2f, G: 0x6f, B: 0x4f, A: 0xff})
		}
	}
	path := filepath.Join(t.TempDir(), "picture.png")
	f, err := os.Create(path)
	must(t, err)
	must(t, png.Encode(f, m))
	must(t, f.Close())
	return path
}
