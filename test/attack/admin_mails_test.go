package attack_test

import (
	"strings"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

// Before, mails told the owner of an account from which network address an administrator had changed it, and did not say that one had.
func TestMailsAboutAdministratorsSaySoWithoutTheirAddress(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, u := tokenMaker(t, s, "ann")
		admin := client.New(s.URL, client.WithHTTPClient(clientFrom("127.0.44.7")))
		_, adminUser := s.Admin(t)
		_, err := admin.Login(ctx, adminUser.Username, testserver.Password)
		require.NoError(t, err)
		twoStep(t, ann)
		address := "ann@new.example.com"
		for _, c := range []struct {
			subject string
			do      func() error
		}{
			{"Two-step sign-in was turned off", func() error { _, err := admin.UpdateMfa(ctx, u.ID, false, ""); return err }},
			{"A new access token", func() error { _, err := admin.CreateAccessToken(ctx, u.ID, "x", 0); return err }},
			{"Your password was changed", func() error { return admin.UpdateUserPassword(ctx, u.ID, "", testserver.Password) }},
			{"Your account was deactivated", func() error { return admin.UpdateUserActive(ctx, u.ID, false) }},
			{"Your email address was changed", func() error { _, err := admin.PatchUser(ctx, u.ID, &muster.UserPatch{Email: &address}); return err }},
		} {
			require.NoError(t, c.do())
			m := s.MailAbout(t, "ann@example.com", c.subject)
			text := strings.Join(strings.Fields(m.Text), " ")
			if !strings.Contains(text, "An administrator of Muster did this.") || strings.Contains(m.Text+m.HTML, "127.0.44.") {
				t.Errorf("%s:\n%s", c.subject, m.Text)
			}
		}
	})
}

func TestMailsAboutOnesOwnDoingSayFromWhere(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		_, u := s.User(t, "ann")
		ann := client.New(s.URL, client.WithHTTPClient(clientFrom("127.0.44.8")))
		_, err := ann.Login(ctx, u.Username, testserver.Password)
		require.NoError(t, err)
		require.NoError(t, ann.UpdateUserPassword(ctx, client.Me, testserver.Password, "An0ther!password"))
		m := s.MailAbout(t, "ann@example.com", "Your password was changed")
		if !strings.Contains(m.Text, "127.0.44.8") || strings.Contains(m.Text, "dministrator of") {
			t.Errorf("the mail says:\n%s", m.Text)
		}
		// By the link of a mail, its owner does it, whoever asks.
		admin, _ := s.Admin(t)
		require.NoError(t, s.Client().SendPasswordReset(ctx, "ann@example.com"))
		require.NoError(t, admin.ResetPassword(ctx, s.MailedToken(t, "ann@example.com", 1), testserver.Password))
		mails := s.Mails(t, "ann@example.com", 3)
		if text := mails[len(mails)-1].Text; strings.Contains(text, "dministrator of") {
			t.Errorf("the mail says:\n%s", text)
		}
	})
}
