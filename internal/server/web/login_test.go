package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"muster"
	"muster/internal/testserver"
)

const (
	mfaOn   = `{"ServiceSettings":{"EnableMultifactorAuthentication":true}}`
	termsOn = `{"SupportSettings":{"CustomTermsOfServiceEnabled":true}}`
	byName  = "Username or email address"
	codeOf  = "Code from your authenticator app, or a recovery code"
)

func TestSignIn(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, me := s.Admin(t)
		b := newBrowser(t, s)
		p := b.open("/account?x=1").is(200, "Sign in to Muster")
		p = b.submit(p, "Sign in", map[string]string{byName: " ADMIN@example.com", "Password": testserver.Password})
		if p.path != "/account?x=1" {
			t.Fatalf("after sign-in at %s", p.path)
		}
		b.signedInAs(s, "admin")
		if b.cookie("MMUSERID") != me.ID || !muster.ValidID(b.cookie("MMCSRF")) || b.cookie("MUSTERFORM") != "" || b.cookie("MUSTERSIGNIN") != "" {
			t.Fatal("cookies")
		}
		for _, path := range []string{"/", "/login", "/login?redirect_to=https://evil.example"} {
			if p := b.open(path); p.path != "/account" {
				t.Errorf("signed in, %s leads to %s", path, p.path)
			}
		}
		if p := b.open("/login?redirect_to=/terms"); p.path != "/terms" {
			t.Error(p.path)
		}
	})
}

// Scripts read none of the secrets, other sites' forms bring none along, and behind TLS they never leave it.
func TestCookiesOfASignIn(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	s.Configure(t, `{"ServiceSettings":{"TLSStrictTransport":true,"TrustedProxies":["127.0.0.1"]}}`)
	for _, proto := range []string{"http", "https"} {
		b := newBrowser(t, s)
		action, form := b.open("/login").fill("Sign in", map[string]string{byName: "admin", "Password": testserver.Password})
		p := b.withoutRedirects().do("POST", action, urlencoded, form.Encode(), http.Header{"X-Forwarded-Proto": {proto}})
		if p.status != 303 || p.header.Get("Strict-Transport-Security") == "" {
			t.Fatalf("%d %v", p.status, p.header)
		}
		set := (&http.Response{Header: p.header}).Cookies()
		var names []string
		for _, c := range set {
			if c.Value == "" {
				continue // taken back
			}
			names = append(names, c.Name)
			if c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode || c.HttpOnly != (c.Name == "MMAUTHTOKEN" || c.Name == "MUSTERDEVICE") || c.Secure != (proto == "https") || c.MaxAge < 3600 {
				t.Errorf("%s: %s", proto, c)
			}
		}
		if got := strings.Join(names, " "); got != "MMAUTHTOKEN MMUSERID MMCSRF MUSTERDEVICE" {
			t.Error(got)
		}
	}
}

func TestSignInRefused(t *testing.T) {
	s := testserver.New(t)
	s.User(t, "ann")
	b := newBrowser(t, s)
	p := b.open("/login")
	wrong := b.submit(p, "Sign in", map[string]string{byName: "ann", "Password": "wrong"}).is(401, "Sign in to Muster").says("don't match")
	if wrong.value("login_id") != "ann" || wrong.value("password") != "" {
		t.Fatal(wrong.body)
	}
	nobody := b.submit(p, "Sign in", map[string]string{byName: "nobody", "Password": "wrong"}).is(401, "Sign in to Muster")
	if strings.ReplaceAll(nobody.body, "nobody", "ann") != wrong.body {
		t.Fatal("the page tells whether an account exists")
	}
	b.submit(p, "Sign in", map[string]string{byName: "ann"}).is(400, "Sign in to Muster").says("Enter your password")
	b.signedInAs(s, "")
}

func TestSignInPageFollowsTheSettings(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	b := newBrowser(t, s)
	if p := b.open("/login"); !p.has("Forgot your password?") || p.has("Create an account") {
		t.Fatal(p.body)
	}
	s.Configure(t, `{"TeamSettings":{"EnableOpenServer":true,"SiteName":"Hikers & Co"},"PasswordSettings":{"EnableForgotLink":false},"EmailSettings":{"EnableSignInWithEmail":false}}`)
	p := b.open("/login").is(200, "Sign in to Hikers & Co")
	if p.has("Forgot your password?") || !p.has("Create an account") {
		t.Fatal(p.body)
	}
	p.fill("Sign in", map[string]string{"Username": "", "Password": ""})
	s.Configure(t, `{"EmailSettings":{"EnableSignInWithEmail":true,"EnableSignInWithUsername":false}}`)
	b.open("/login").fill("Sign in", map[string]string{"Email address": "", "Password": ""})
}

// steps prepares an account that signs in by password, code and terms, and returns what makes its codes.
func steps(t *testing.T, s *testserver.Server) (code func() string, recovery []string, terms *muster.TermsOfService) {
	t.Helper()
	s.Configure(t, mfaOn)
	s.Configure(t, termsOn)
	admin, _ := s.Admin(t)
	ann, me := s.User(t, "ann")
	secret, err := ann.GenerateMfaSecret(t.Context(), me.ID)
	must(t, err)
	code = func() string {
		c, err := totp.GenerateCode(secret.Secret, time.Now())
		must(t, err)
		return c
	}
	recovery, err = ann.UpdateMfa(t.Context(), me.ID, true, code())
	must(t, err)
	terms, err = admin.CreateTerms(t.Context(), "Be kind.\n\nShare.")
	must(t, err)
	return code, recovery, terms
}

func TestSignInBySteps(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		code, recovery, terms := steps(t, s)
		b := newBrowser(t, s)
		p := b.submit(b.open("/login?redirect_to=/account?y=2"), "Sign in", map[string]string{byName: "ann", "Password": testserver.Password})
		p.is(200, "Two-step sign-in")
		b.signedInAs(s, "")
		if !muster.ValidMailToken(b.cookie("MUSTERSIGNIN")) || strings.Contains(p.body, b.cookie("MUSTERSIGNIN")) {
			t.Fatal("where is the sign-in kept?")
		}
		p = b.submit(p, "Continue", map[string]string{codeOf: "no code"}).is(401, "Two-step sign-in").says("That code is wrong")
		if p.value("code") != "" {
			t.Fatal("the code is shown again")
		}
		b.open("/login").is(200, "Two-step sign-in") // another tab
		p = b.submit(p, "Continue", map[string]string{codeOf: code()}).is(200, "Terms of service")
		if !strings.Contains(p.body, "Be kind.\n\nShare.") {
			t.Fatal(p.body)
		}
		b.signedInAs(s, "")
		if p = b.submit(p, "Accept", nil); p.path != "/account?y=2" {
			t.Fatal(p.path, p.body)
		}
		b.signedInAs(s, "ann")
		if u, err := s.Store.UserByUsername(t.Context(), "ann"); err != nil || u.TermsOfServiceID != terms.ID {
			t.Fatalf("%+v %v", u, err)
		}
		if b.cookie("MUSTERSIGNIN") != "" {
			t.Fatal("the cookie of the steps is still there")
		}

		// The next time the terms are accepted already, and a recovery code does.
		other := newBrowser(t, s)
		p = other.signIn("ann").is(200, "Two-step sign-in")
		if p = other.submit(p, "Continue", map[string]string{codeOf: recovery[0]}); p.path != "/account" {
			t.Fatal(p.path, p.body)
		}
		other.signedInAs(s, "ann")
	})
}

func TestSignInGivenUp(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		code, _, _ := steps(t, s)
		b := newBrowser(t, s)
		step := b.signIn("ann").is(200, "Two-step sign-in")
		kept := b.cookie("MUSTERSIGNIN")
		b.submit(step, "Start over", nil).is(200, "Sign in to Muster")
		if b.cookie("MUSTERSIGNIN") != "" {
			t.Fatal("the cookie of the steps is still there")
		}
		action, late := step.fill("Continue", map[string]string{codeOf: code()})
		b.post(action, late).is(401, "Sign in to Muster").says("took too long or was ended. Start over.") // nothing is under way
		b.http.Jar.SetCookies(site(t, b), []*http.Cookie{{Name: "MUSTERSIGNIN", Value: kept}})
		b.open("/login").is(200, "Sign in to Muster")
		b.post(action, late).is(401, "Sign in to Muster")
		b.signedInAs(s, "")

		step = b.submit(b.signIn("ann"), "Continue", map[string]string{codeOf: code()}).is(200, "Terms of service")
		b.submit(step, "Decline", nil).is(200, "Sign in to Muster").says("You declined")
		b.signedInAs(s, "")
		b.open("/login").is(200, "Sign in to Muster")
	})
}

// A sign-in that ended before its last step begins again, and leads where it would have led.
func TestSignInThatRanOutKeepsItsWayBack(t *testing.T) {
	s := testserver.New(t)
	code, _, _ := steps(t, s)
	first := map[string]string{byName: "ann", "Password": testserver.Password}
	for _, button := range []string{"Continue", "Accept"} {
		b := newBrowser(t, s)
		p := b.submit(b.open("/login?redirect_to=/account?y=2"), "Sign in", first).is(200, "Two-step sign-in")
		answer := map[string]string{codeOf: "123456"}
		if button == "Accept" {
			p, answer = b.submit(p, "Continue", map[string]string{codeOf: code()}).is(200, "Terms of service"), nil
		}
		must(t, s.Services.Auth.CancelLogin(t.Context(), b.cookie("MUSTERSIGNIN")))
		p = b.submit(p, button, answer).is(401, "Sign in to Muster").says("took too long or was ended. Start over.")
		if b.cookie("MUSTERSIGNIN") != "" || p.value("redirect_to") != "/account?y=2" {
			t.Errorf("after %s: %s", button, p.body)
		}
		b.signedInAs(s, "")
	}
}

func site(t *testing.T, b *browser) *url.URL {
	t.Helper()
	u, err := url.Parse(b.base)
	must(t, err)
	return u
}

func TestStepsInAnyOrderSignNobodyIn(t *testing.T) {
	s := testserver.New(t)
	_, _, terms := steps(t, s)
	b := newBrowser(t, s)
	key := b.open("/login").value("csrf")
	for _, token := range []string{"", unknownToken, "x"} {
		if token != "" {
			b.http.Jar.SetCookies(site(t, b), []*http.Cookie{{Name: "MUSTERSIGNIN", Value: token}})
		}
		for _, step := range []string{"code", "terms", "cancel", "done", ""} {
			form := url.Values{"csrf": {key}, "step": {step}, "code": {"123456"}, "terms_id": {terms.ID}, "answer": {"accept"}}
			if p := b.post("/login", form); p.status >= 500 || p.text("h1") != "Sign in to Muster" {
				t.Errorf("%q, step %q: %d\n%s", token, step, p.status, p.body)
			}
		}
	}
	b.signIn("ann").is(200, "Two-step sign-in")
	b.post("/login", url.Values{"csrf": {b.open("/login").value("csrf")}, "step": {"terms"}, "terms_id": {terms.ID}, "answer": {"accept"}}).is(200, "Two-step sign-in")
	b.signedInAs(s, "")
}

// Who must set up a second factor comes to no other page.
func TestEnrolmentComesFirst(t *testing.T) {
	s := testserver.New(t)
	b := newBrowser(t, s)
	s.Admin(t)
	b.signIn("admin")
	s.Configure(t, `{"ServiceSettings":{"EnableMultifactorAuthentication":true,"EnforceMultifactorAuthentication":true}}`)
	for _, path := range []string{"/", "/login", "/account", "/signup_user_complete?id=x"} {
		if p := b.open(path); p.path != "/account/security" {
			t.Errorf("%s leads to %s", path, p.path)
		}
	}
	for path, heading := range map[string]string{"/reset_password": "Reset your password", "/do_verify_email?token=" + unknownToken: "Confirm your email address"} {
		b.open(path).is(200, heading)
	}
	b.submit(b.open("/reset_password"), "Sign out", nil).is(200, "Sign in to Muster")
	b.signedInAs(s, "")
}

// Pages take neither headers nor access tokens: those are for programs.
func TestPagesTakeOnlySessions(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":true}}`)
	admin, me := s.Admin(t)
	pat, err := admin.CreateAccessToken(t.Context(), me.ID, "x", 0)
	must(t, err)
	b := newBrowser(t, s)
	for _, header := range []http.Header{{"Authorization": {"Bearer " + pat.Token}}, {"Cookie": {"MMAUTHTOKEN=" + pat.Token}}, {"Cookie": {"MMAUTHTOKEN=x"}}} {
		if p := b.do("GET", "/account", "", "", header); p.path != "/login?redirect_to=%2Faccount" {
			t.Errorf("%v: %s", header, p.path)
		}
	}
}
