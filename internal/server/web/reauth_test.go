package web_test

import (
	"slices"
	"strings"
	"testing"

	"muster/internal/testserver"
)

func TestAccessTokensTakeAConfirmation(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		b, _, me := member(t, s, "ann")
		if p := b.open("/account/tokens"); strings.Contains(p.body, currentPwd) {
			t.Error("a fresh session is asked")
		}
		b = b.anHourLater(s)
		p := b.open("/account/tokens")
		clean(t, "tokens", p)
		p = b.submit(p, "Create token", map[string]string{"What's it for?": "Backup", currentPwd: wrongPassword}).is(400, "Access tokens").says("That password is wrong.")
		if !slices.Equal(wrongFields(p), []string{"password"}) || p.value("description") != "Backup" {
			t.Error(p.body)
		}
		if tokens, err := s.Store.AccessTokens(t.Context(), me.ID, 0, 10); err != nil || len(tokens) != 0 {
			t.Fatalf("%d tokens: %v", len(tokens), err)
		}
		b.submit(p, "Create token", map[string]string{"What's it for?": "Backup", currentPwd: testserver.Password}).is(200, "Access tokens")
		if tokens, err := s.Store.AccessTokens(t.Context(), me.ID, 0, 10); err != nil || len(tokens) != 1 {
			t.Fatalf("%d tokens: %v", len(tokens), err)
		}
		if p := b.open("/account/tokens"); strings.Contains(p.body, currentPwd) {
			t.Error("the session is asked again")
		}
	})
}

func TestANewAddressTakesTheCodeToo(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, mfaOn)
		b, _, _ := member(t, s, "ann")
		_, recovery := enrolled(t, b)
		b = b.anHourLater(s)
		p := b.open("/account")
		clean(t, "address", p)
		address := map[string]string{"New email address": "ann@new.example.com", currentPwd: testserver.Password, codeOf: ""}
		p = b.submit(p, "Change email address", address).is(400, "Profile").says("The code is missing")
		if !slices.Equal(wrongFields(p), []string{"code"}) {
			t.Error(wrongFields(p))
		}
		address[codeOf] = recovery[0]
		b.submit(p, "Change email address", address).is(200, "Profile").says("Your email address has been changed.")
	})
}

func TestNewPasswordsOfferToRevokeAccessTokens(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		b, ann, me := member(t, s, "ann")
		count := func(want int) {
			t.Helper()
			if tokens, err := s.Store.AccessTokens(t.Context(), me.ID, 0, 10); err != nil || len(tokens) != want {
				t.Errorf("%d tokens, want %d: %v", len(tokens), want, err)
			}
		}
		_, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
		must(t, err)
		p := b.open("/account/security")
		p = b.submit(p, "Change password", map[string]string{currentPwd: testserver.Password, "New password": newPwd}).is(200, "Security")
		count(1)
		const box = "Also revoke my access tokens"
		b.submit(p, "Change password", map[string]string{currentPwd: newPwd, "New password": testserver.Password, box: "true"}).is(200, "Security")
		count(0)

		ann, _ = s.SignIn(t, "ann")
		_, err = ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
		must(t, err)
		must(t, s.Client().SendPasswordReset(t.Context(), "ann@example.com"))
		stranger := newBrowser(t, s)
		p = stranger.open("/reset_password_complete?token=" + s.MailedToken(t, "ann@example.com", 1))
		clean(t, "reset", p)
		stranger.submit(p, "Set password", map[string]string{"New password": newPwd}).is(200, "Sign in to Muster") // the box is ticked
		count(0)
	})
}

func TestTermsComeFirstWhereTheyAreEnforced(t *testing.T) {
	s := testserver.New(t)
	b, _, _ := member(t, s, "ann")
	admin, _ := s.Admin(t)
	s.Configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnabled":true}}`)
	_, err := admin.CreateTerms(t.Context(), "Be kind.")
	must(t, err)
	b.open("/account").is(200, "Profile")
	s.Configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnforcedInAPI":true}}`)
	p := b.open("/account").is(200, "Terms of service")
	b.submit(p, "Accept", nil)
	b.open("/account").is(200, "Profile")
}
