package attack_test

import (
	"strings"
	"testing"

	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

// Before, who had made an access token for somebody else's account kept it through every new password.
func TestAResetRevokesAccessTokens(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, u := tokenMaker(t, s, "ann")
		program, another := withToken(t, s, ann), withToken(t, s, ann)
		works(t, program)
		require.NoError(t, s.Client().SendPasswordReset(ctx, "ann@example.com"))
		require.NoError(t, s.Client().ResetPassword(ctx, s.MailedToken(t, "ann@example.com", 1), "An0ther!password"))
		for _, c := range []*client.Client{program, another} {
			if _, err := c.Me(ctx); err == nil {
				t.Error("a token outlives the reset")
			}
		}
		if tokens, err := s.Store.AccessTokens(ctx, u.ID, 0, 10); err != nil || len(tokens) != 0 {
			t.Errorf("%d tokens are left: %v", len(tokens), err)
		}
		audits, err := s.Store.Audits(ctx, u.ID, 0, 1)
		require.NoError(t, err)
		if !strings.Contains(audits[0].ExtraInfo, "access_tokens_revoked=2") {
			t.Errorf("the history says %q", audits[0].ExtraInfo)
		}
		if m := s.MailAbout(t, "ann@example.com", "Your password was changed"); !strings.Contains(m.Text, "Your 2 access tokens were revoked") {
			t.Errorf("the mail says:\n%s", m.Text)
		}
	})
}

func TestANewPasswordRevokesAccessTokensOnRequest(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, u := tokenMaker(t, s, "ann")
		admin, _ := s.Admin(t)
		program := withToken(t, s, ann)
		works(t, program)
		require.NoError(t, ann.UpdateUserPassword(ctx, client.Me, testserver.Password, "An0ther!password"))
		works(t, program)
		require.NoError(t, admin.UpdateUserPassword(ctx, u.ID, "", testserver.Password))
		works(t, program)
		require.NoError(t, s.Client().SendPasswordReset(ctx, "ann@example.com"))
		require.NoError(t, s.Client().ResetPasswordAndKeepTokens(ctx, s.MailedToken(t, "ann@example.com", 1), testserver.Password+"2"))
		works(t, program)
		// A program may change its account's password, and so end itself.
		require.NoError(t, program.UpdateUserPasswordAndRevokeTokens(ctx, client.Me, testserver.Password+"2", testserver.Password))
		if _, err := program.Me(ctx); err == nil {
			t.Error("the token goes on")
		}
		ann, _ = s.SignIn(t, "ann")
		program = withToken(t, s, ann)
		require.NoError(t, admin.UpdateUserPasswordAndRevokeTokens(ctx, u.ID, "", testserver.Password))
		if _, err := program.Me(ctx); err == nil {
			t.Error("the token goes on")
		}
	})
}

func works(t *testing.T, c *client.Client) {
	t.Helper()
	if _, err := c.Me(t.Context()); err != nil {
		t.Error(err)
	}
}
