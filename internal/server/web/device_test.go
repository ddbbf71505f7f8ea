package web_test

import (
	"testing"

	"muster/internal/testserver"
)

// tooManyTries has somebody else on the browser's network make all the tries on an account that a name gets there.
func tooManyTries(t *testing.T, s *testserver.Server, name, password string) {
	t.Helper()
	for range s.Services.Core.Config().ServiceSettings.MaximumLoginAttempts {
		if _, err := s.Client().Login(t.Context(), name, wrongPassword); err == nil {
			t.Fatal("signed in")
		}
	}
	if _, err := s.Client().Login(t.Context(), name, password); err == nil {
		t.Fatal("a stranger is not held up")
	}
}

func (b *browser) signInAndOut(s *testserver.Server, name, password string) {
	b.t.Helper()
	b.submit(b.open("/login"), "Sign in", map[string]string{byName: name, "Password": password})
	b.signedInAs(s, name)
	b.submit(b.open("/account"), "Sign out", nil)
	b.signedInAs(s, "")
}

func TestABrowserIsKnownToEachAccountThatSignedInThere(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		s.User(t, "ann.admin")
		b := newBrowser(t, s)
		for range 2 {
			b.signInAndOut(s, "ann", testserver.Password)
			b.signInAndOut(s, "ann.admin", testserver.Password)
			tooManyTries(t, s, "ann", testserver.Password)
			tooManyTries(t, s, "ann.admin", testserver.Password)
		}
		b.signInAndOut(s, "ann", testserver.Password)
	})
}

func TestABrowserIsKnownAfterANewPassword(t *testing.T) {
	const third = "Y3t!another one"
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, me := s.User(t, "ann")
		b := newBrowser(t, s)
		must(t, s.Client().SendPasswordReset(t.Context(), me.Email))
		link := "/reset_password_complete?token=" + s.MailedToken(t, me.Email, 1)
		b.submit(b.open(link), "Set password", map[string]string{"New password": newPassword}).is(200, "Sign in to Muster")
		tooManyTries(t, s, "ann", newPassword)
		b.submit(b.open("/login"), "Sign in", map[string]string{byName: "ann", "Password": newPassword})
		b.submit(b.open("/account/security"), "Change password", map[string]string{currentPwd: newPassword, "New password": third}).is(200, "Security")
		b.submit(b.open("/account"), "Sign out", nil)
		tooManyTries(t, s, "ann", third)
		b.signInAndOut(s, "ann", third)
	})
}
