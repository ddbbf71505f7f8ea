package api_test

import (
	"fmt"
	"testing"
	"time"

	"muster"
	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// What changes an account ends its links, sessions and sign-ins under way. These tests change rows behind the server's back, so that nothing was ended: each
// credential is held against its account once more as it is used.

const badUnlock = "api.user.unlock.invalid_link.app_error"

// alter changes a column of an account's row, and nothing that goes with it.
func alter(t *testing.T, s *testserver.Server, userID, assignment string) {
	t.Helper()
	storetest.ExecUnseen(t, s.Store, "UPDATE users SET "+assignment+" WHERE id = '"+userID+"'")
}

// alterations are the changes of an account after which no link is good that was mailed before.
func alterations(name string) map[string]string {
	return map[string]string{"address": "email = 'not." + name + "@example.com'", "deactivated": "delete_at = 1"}
}

func TestALinkIsHeldAgainstTheAccountAsItIs(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":1}}`)
		changes := alterations("reset")
		changes["bot"] = "is_bot = TRUE"
		n := 0
		person := func() *muster.User {
			n++
			_, u := s.User(t, fmt.Sprint("p", n))
			return u
		}
		for what, change := range changes {
			t.Run("reset "+what, func(t *testing.T) {
				u := person()
				require.NoError(t, s.Client().SendPasswordReset(ctx, u.Email))
				token := s.MailedToken(t, u.Email, 1)
				before, err := s.Store.User(ctx, u.ID)
				require.NoError(t, err)
				alter(t, s, u.ID, change)
				refused(t, s.Client().ResetPassword(ctx, token, newPassword), 400, badReset)
				if after, err := s.Store.User(ctx, u.ID); err != nil || after.Password != before.Password || after.EmailVerified {
					t.Errorf("%+v (%v)", after, err)
				}
			})
		}
		t.Run("verification address", func(t *testing.T) {
			u := person()
			require.NoError(t, s.Client().SendVerification(ctx, u.Email))
			token := s.MailedToken(t, u.Email, 1)
			alter(t, s, u.ID, "email = 'not.verify@example.com'")
			refused(t, s.Client().VerifyEmail(ctx, token), 400, badVerify)
			if after, err := s.Store.User(ctx, u.ID); err != nil || after.EmailVerified {
				t.Errorf("%+v (%v)", after, err)
			}
		})
		for what, change := range alterations("unlock") {
			t.Run("unlocking "+what, func(t *testing.T) {
				u := person()
				_, err := s.Client().Login(ctx, u.Username, "wrong")
				refused(t, err, 401, badCredentials)
				token := s.MailedToken(t, u.Email, 1)
				alter(t, s, u.ID, change)
				if _, err := s.Services.Auth.Unlock(ctx, &core.Caller{IP: "192.0.2.1"}, token); !muster.HasID(err, badUnlock) {
					t.Error(err)
				}
				if after, err := s.Store.User(ctx, u.ID); err != nil || after.FailedAttempts != 1 {
					t.Errorf("%+v (%v)", after, err)
				}
			})
		}
	})
}

func TestASessionIsHeldAgainstTheAccountAsItIs(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":true},"GuestAccountsSettings":{"Enable":true}}`)
		ann, annUser := holder(t, s, "ann")
		_, program := issue(t, s, ann, annUser.ID)
		works(t, program)
		unused, _ := issue(t, s, ann, annUser.ID) // which has no session yet
		gus, gusUser := s.User(t, "gus")
		afresh := func() *testserver.Server { // a node that has nothing in its caches
			return s.Node(t, time.Now)
		}
		alter(t, s, annUser.ID, "delete_at = 1")
		for what, token := range map[string]string{"a session": ann.Token(), "a program's": program.Token(), "an unused token": unused.Token} {
			t.Run(what, func(t *testing.T) { stopped(t, bearer(afresh(), token)) })
		}
		alter(t, s, annUser.ID, "delete_at = 0")
		works(t, bearer(s.Node(t, time.Now), ann.Token()))
		works(t, bearer(s.Node(t, time.Now), unused.Token))

		alter(t, s, gusUser.ID, "roles = 'system_guest'")
		works(t, bearer(s.Node(t, time.Now), gus.Token()))
		s.Configure(t, `{"GuestAccountsSettings":{"Enable":false}}`) // which deactivates guests
		alter(t, s, gusUser.ID, "roles = 'system_user', delete_at = 0")
		gus, _ = s.SignIn(t, "gus")
		alter(t, s, gusUser.ID, "roles = 'system_guest'")
		stopped(t, bearer(s.Node(t, time.Now), gus.Token()))
	})
}

func TestASignInUnderWayIsHeldAgainstTheAccountAsItIs(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		askForTerms(t, s)
		for what, c := range map[string]struct{ change, id string }{
			"password":      {"password = 'another'", expiredSignIn},
			"second factor": {"mfa_active = TRUE", expiredSignIn},
			"its secret":    {"mfa_secret = 'another'", expiredSignIn},
			"deactivated":   {"delete_at = 1", "api.user.login.inactive.app_error"},
			"a bot":         {"is_bot = TRUE", "api.user.login.bot_login_forbidden.app_error"},
		} {
			t.Run(what, func(t *testing.T) {
				_, u := s.User(t, muster.NewID()[:20]+"x")
				in := atTerms(t, s, u.Username)
				alter(t, s, u.ID, c.change)
				if _, err := s.Services.Auth.LoginTerms(ctx, &core.Caller{IP: "192.0.2.1"}, in.Token, in.Terms.ID, true); !muster.HasID(err, c.id) {
					t.Error(err)
				}
				if list, err := s.Store.Sessions(ctx, u.ID); err != nil || len(list) != 1 {
					t.Errorf("%d sessions (%v)", len(list), err)
				}
			})
		}
	})
}

// A sign-in under way is found by its own token, for a time, and waits for one step after the other.
func TestASignInUnderWayIsItsTokensAlone(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		askForTerms(t, s)
		_, ann := s.User(t, "ann")
		_, bob := s.User(t, "bob")
		first, second := atTerms(t, s, "ann"), atTerms(t, s, "bob")
		for _, c := range []struct {
			in *auth.LoginFlow
			u  *muster.User
		}{{first, ann}, {second, bob}} {
			got, err := s.Services.Auth.LoginFlow(ctx, c.in.Token)
			require.NoError(t, err)
			if got.User.ID != c.u.ID || got.Step != auth.StepTerms || got.Token != c.in.Token || got.ExpiresAt != c.in.ExpiresAt {
				t.Errorf("%+v", got)
			}
		}
		for what, token := range map[string]string{"none": "", "another form": "x", "unknown": muster.NewMailToken()} {
			if _, err := s.Services.Auth.LoginFlow(ctx, token); !muster.HasID(err, expiredSignIn) {
				t.Errorf("%s: %v", what, err)
			}
		}
		// The clock of the server and that of the database: either ends it.
		n := otherNode(t, s, 0)
		n.unixMilli.Store(first.ExpiresAt - 1)
		_, err := n.Services.Auth.LoginFlow(ctx, first.Token)
		require.NoError(t, err)
		n.unixMilli.Store(first.ExpiresAt)
		if _, err := n.Services.Auth.LoginFlow(ctx, first.Token); !muster.HasID(err, expiredSignIn) {
			t.Errorf("as it runs out: %v", err)
		}
		slow := otherNode(t, s, -2*time.Hour)
		storetest.ExecUnseen(t, s.Store, fmt.Sprintf("UPDATE sign_ins SET expires_at = %d WHERE user_id = '%s'", time.Now().Add(-time.Hour).UnixMilli(), ann.ID))
		if _, err := slow.Services.Auth.LoginFlow(ctx, first.Token); !muster.HasID(err, expiredSignIn) {
			t.Errorf("run out by the database's clock: %v", err)
		}
		// Whoever declines does not sign in, and may not think better of it.
		if _, err := s.Services.Auth.LoginTerms(ctx, &core.Caller{}, second.Token, second.Terms.ID, false); !muster.HasID(err, "app.sign_in.terms_declined.app_error") {
			t.Error(err)
		}
		if _, err := s.Services.Auth.LoginFlow(ctx, second.Token); !muster.HasID(err, expiredSignIn) {
			t.Errorf("after the terms were declined: %v", err)
		}
		third := atTerms(t, s, "ann")
		require.NoError(t, s.Services.Auth.CancelLogin(ctx, third.Token))
		if _, err := s.Services.Auth.LoginFlow(ctx, third.Token); !muster.HasID(err, expiredSignIn) {
			t.Errorf("after it was given up: %v", err)
		}
		fourth := atTerms(t, s, "ann")
		if _, err := s.Services.Auth.LoginTerms(ctx, &core.Caller{}, fourth.Token, muster.NewID(), true); !muster.IsKind(err, muster.NotFound) {
			t.Errorf("other terms: %v", err)
		}
		if in, err := s.Services.Auth.LoginCode(ctx, &core.Caller{}, fourth.Token, "123456"); err != nil || in.Step != auth.StepTerms || in.Session != nil {
			t.Errorf("a code that nobody asks for: %+v (%v)", in, err)
		}
	})
}

// A proof is what the account has: none where another service keeps the password, or where there is none.
func TestWhoHasNoPasswordProvesNothingByOne(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		const elsewhere = "api.user.update_password.oauth.app_error"
		for name, change := range map[string]string{"saml": "auth_service = 'saml', auth_data = 'x'", "empty": "password = ''"} {
			t.Run(name, func(t *testing.T) {
				c, u := s.User(t, name)
				alter(t, s, u.ID, change)
				node := s.Node(t, time.Now)
				c = bearer(node, c.Token())
				require.NoError(t, c.Reauthenticate(ctx, "", "")) // fresh from the sign-in
				late := otherNode(t, s, time.Hour)
				refused(t, bearer(late.Server, c.Token()).Reauthenticate(ctx, testserver.Password, ""), 403, "api.context.reauthentication_required.app_error")
				_, err := c.PatchUser(ctx, "me", &muster.UserPatch{Email: ptr("new." + u.Email), Password: ptr(testserver.Password)})
				refused(t, err, 400, elsewhere)
			})
		}
	})
}
