package web_test

import (
	"net/url"
	"strings"
	"testing"

	"muster/internal/testserver"
)

const newPassword = "An0ther!password"

func TestAForgottenPassword(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, me := s.User(t, "ann")
		b := newBrowser(t, s)
		p := b.open("/reset_password").is(200, "Reset your password")
		b.submit(p, "Send me a link", map[string]string{"Email address": "nobody"}).is(400, "Reset your password").says("Enter an email address")
		b.submit(p, "Send me a link", map[string]string{"Email address": "nobody@example.com"}).is(200, "Check your email")
		sent := b.submit(p, "Send me a link", map[string]string{"Email address": me.Email}).is(200, "Check your email")
		first := s.MailedToken(t, me.Email, 1)
		b.submit(sent, "Send it again", nil).is(200, "Check your email").says("sent it another link")
		token := s.MailedToken(t, me.Email, 2)
		if n := len(s.Mails(t, "nobody@example.com", 0)); n != 0 {
			t.Fatalf("%d mails to nobody", n)
		}

		before, err := s.Store.User(t.Context(), me.ID)
		must(t, err)
		link := "/reset_password_complete?token=" + token
		for range 2 {
			b.open(link).is(200, "Choose a new password")
		}
		p = b.submit(b.open(link), "Set password", map[string]string{"New password": "short"}).is(400, "Choose a new password").says("characters")
		p = b.submit(p, "Set password", map[string]string{"New password": "password"}).is(400, "Choose a new password").says("Many people use this password")
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || u.Password != before.Password {
			t.Fatal("the password was changed", err)
		}
		b.submit(p, "Set password", map[string]string{"New password": newPassword}).is(200, "Sign in to Muster").says("Your password has been changed. Sign in with the new one.")
		b.submit(b.open("/login"), "Sign in", map[string]string{byName: "ann", "Password": newPassword})
		b.signedInAs(s, "ann")

		for _, used := range []string{token, first} {
			p := b.open("/reset_password_complete?token="+used).is(200, "Choose a new password")
			p = b.submit(p, "Set password", map[string]string{"New password": "Y3t!another one"}).is(400, "Choose a new password").says("Ask for a new one")
			if !p.has("Get a new link") {
				t.Fatal(p.body)
			}
		}
	})
}

func TestAnAccountIsUnlockedByMail(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, me := s.User(t, "ann")
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":1}}`)
		b := newBrowser(t, s)
		wrong := b.submit(b.open("/login"), "Sign in", map[string]string{byName: "ann", "Password": "wrong"}).is(401, "Sign in to Muster")
		b.submit(wrong, "Sign in", map[string]string{byName: "ann", "Password": testserver.Password}).is(401, "Sign in to Muster").says("Too many failed attempts.")
		link := "/unlock?token=" + s.MailedToken(t, me.Email, 1)
		b.open(link).is(200, "Unlock your account")
		b.submit(b.open("/login"), "Sign in", map[string]string{byName: "ann", "Password": testserver.Password}).is(401, "Sign in to Muster") // opening it did nothing
		p := b.submit(b.open(link), "Unlock my account", nil).is(200, "Sign in to Muster").says("Your account is unlocked.")
		b.submit(p, "Sign in", map[string]string{byName: "ann", "Password": testserver.Password})
		b.signedInAs(s, "ann")
		for _, none := range []string{link, "/unlock?token=" + unknownToken} {
			b.submit(b.open(none), "Unlock my account", nil).is(400, "Unlock your account").says("isn't valid")
		}
		b.open("/unlock?token=x").is(400, "Unlock your account").says("isn't valid")
	})
}

// A link that is cut off, or that no mail had, is told so at once, or when its form is sent.
func TestLinksThatAreNone(t *testing.T) {
	s := testserver.New(t)
	_, me := s.User(t, "ann")
	b := newBrowser(t, s)
	b.submit(b.open("/reset_password"), "Send me a link", map[string]string{"Email address": me.Email})
	reset := s.MailedToken(t, me.Email, 1)
	for _, token := range []string{"", reset[:63], reset + "a", "é", unknownToken + "/"} {
		if p := b.open("/reset_password_complete?token="+token).is(400, "Choose a new password").says("isn't valid"); !p.has("Get a new link") {
			t.Error(p.body)
		}
		if p := b.open("/do_verify_email?token="+token+"&email=ann@example.com").is(400, "Confirm your email address").says("isn't valid"); !p.has("Get a new link") {
			t.Error(p.body)
		}
	}
	b.submit(b.open("/reset_password_complete?token="+unknownToken), "Set password", map[string]string{"New password": newPassword}).is(400, "Choose a new password").says("isn't valid")
	b.submit(b.open("/do_verify_email?token="+unknownToken), "Confirm", nil).is(400, "Confirm your email address").says("isn't valid")
	b.submit(b.open("/do_verify_email?token="+reset), "Confirm", nil).is(400, "Confirm your email address") // for something else
	b.submit(b.open("/reset_password_complete?token="+reset), "Set password", map[string]string{"New password": newPassword}).is(200, "Sign in to Muster")
}

// An address of a page can be made by anybody: what stands in it for a mail address is shown only if it is one.
func TestAnAddressOfAPageSaysNoStrangersWords(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	b := newBrowser(t, s)
	link := "/do_verify_email?token=" + unknownToken + "&email="
	for asked, shown := range map[string]bool{"Ann@example.com": true, "Call+555-1234": false, "ann@example.com+or+call+555-1234": false, "@": false} {
		text, err := url.QueryUnescape(asked)
		must(t, err)
		p := b.open(link+asked).is(200, "Confirm your email address")
		if strings.Contains(p.text("main"), text) != shown || strings.Contains(p.body, text) != shown {
			t.Errorf("%q: %s", text, p.text("main"))
		}
		action, form := p.fill("Confirm", nil)
		form.Set("email", text)
		if p := b.post(action, form).is(400, "Confirm your email address"); strings.Contains(p.body, url.QueryEscape(text)) != shown {
			t.Errorf("%q after the refusal: %s", text, p.body)
		}
	}
}

func TestPasswordStrength(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	s.Configure(t, `{"TeamSettings":{"EnableOpenServer":true,"SiteName":"Wrzbkowski"},"PasswordSettings":{"Number":true}}`)
	b := newBrowser(t, s)
	_, form := b.open("/signup_user_complete").fill("Create account", nil)
	for password, want := range map[string]string{
		"":                               "",
		"short":                          "Not strong enough yet",
		"no digits at all":               "Not strong enough yet",
		"password1":                      "Not strong enough yet. Many people use this password",
		"wrzbkowski1":                    "easy to guess. Don't use your name",
		"correct 1 horse battery staple": "Strong",
	} {
		form.Set("password", password)
		p := b.post("/password_strength", form)
		if text := textOf(p.doc); p.status != 200 || want == "" && text != "" || !containsFold(text, want) {
			t.Errorf("%q: %d %q, want %q", password, p.status, text, want)
		}
	}
	form.Del("csrf")
	if p := b.post("/password_strength", form); p.status != 403 {
		t.Error(p.status)
	}
	p := b.open("/signup_user_complete")
	if !containsFold(p.body, "At least 8 characters. At least one digit.") {
		t.Error(p.body)
	}
}
