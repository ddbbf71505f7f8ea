package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// isNobody holds that a sign-in got the answer of a name that nobody has.
func isNobody(t *testing.T, what string, err error) {
	t.Helper()
	e, ok := err.(*client.Error) //nolint:errorlint // the client gives its error unwrapped
	if !ok || e.StatusCode != http.StatusUnauthorized || e.ID != badCredentials {
		t.Errorf("%s: %v", what, err)
	}
}

// Whose password another service keeps signs in there, even if a hash was left behind here; a bot signs in by no password at all.
func TestWhoHasNoPasswordHereIsNobody(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, me := s.User(t, "ann")
		admin, _ := s.Admin(t)
		makeBot(t, admin, "robot")
		require.NoError(t, storetest.ChangeUser(ctx, s.Store, me.ID, func(_ *store.Tx, u *muster.User) error {
			u.AuthService, u.AuthData = "saml", ptr("ann of saml")
			return nil
		}))
		for _, name := range []string{"ann", me.Email, "robot"} {
			_, err := s.Client().Login(ctx, name, testserver.Password)
			isNobody(t, name, err)
		}
		if list, err := s.Store.Sessions(ctx, me.ID); err != nil || len(list) != 1 {
			t.Errorf("%d sessions: %v", len(list), err)
		}
		works(t, ann) // the session from before
		require.NoError(t, storetest.ChangeUser(ctx, s.Store, me.ID, func(_ *store.Tx, u *muster.User) error {
			u.AuthService, u.AuthData = muster.AuthServiceEmail, nil // another word for a password of ours
			return nil
		}))
		s.SignIn(t, "ann")
	})
}

// What can't be a name or an id is refused as a wrong password is, before a database that can't hold it is asked.
func TestALoginThatNoRowCanHaveIsAWrongOne(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, me := s.User(t, "ann")
		for name, login := range map[string]map[string]string{
			"no name":                   {"login_id": ""},
			"a long name":               {"login_id": strings.Repeat("a", 10_000)},
			"a NUL in a name":           {"login_id": "ann\x00"},
			"a NUL in an address":       {"login_id": "a\x00nn@example.com"},
			"a name that is no UTF-8":   {"login_id": "ann\xff"},
			"an id of another form":     {"id": "ann"},
			"a NUL in an id":            {"id": me.ID[:25] + "\x00"},
			"an id that nobody has":     {"id": ghostID},
			"the id counts, not a name": {"id": ghostID, "login_id": "ann"},
		} {
			login["password"] = testserver.Password
			body, err := json.Marshal(login)
			require.NoError(t, err)
			resp := rawRequest(t, s, http.MethodPost, "/users/login", string(body), nil)
			var got struct{ ID string }
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
			if resp.StatusCode != http.StatusUnauthorized || got.ID != badCredentials || resp.Header.Get("Token") != "" {
				t.Errorf("%s: %d %s", name, resp.StatusCode, got.ID)
			}
		}
		for name, login := range map[string]string{"an id": `"id":"` + me.ID + `"`, "an id before a name": `"id":"` + me.ID + `","login_id":"nobody"`, "a name with spaces": `"login_id":" ANN "`} {
			resp := rawRequest(t, s, http.MethodPost, "/users/login", `{`+login+`,"password":"`+testserver.Password+`"}`, nil)
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", name, resp.StatusCode)
			}
		}
	})
}

// After the right password an account is told what keeps it out, each condition by itself.
func TestWhatKeepsAnAccountFromSigningIn(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		s.Configure(t, `{"GuestAccountsSettings":{"Enable":true},"TeamSettings":{"EnableUserDeactivation":true}}`)
		_, ann := s.User(t, "ann")
		_, gus := s.User(t, "gus")
		require.NoError(t, storetest.SetRoles(ctx, s.Store, gus.ID, muster.RoleSystemGuest))
		signsIn := func(name string) error {
			_, err := s.Client().Login(ctx, name, testserver.Password)
			return err
		}
		require.NoError(t, signsIn("gus"))
		s.Configure(t, `{"GuestAccountsSettings":{"Enable":false}}`)
		require.NoError(t, storetest.ChangeUser(ctx, s.Store, gus.ID, func(_ *store.Tx, u *muster.User) error { u.DeleteAt = 0; return nil }))
		refused(t, signsIn("gus"), 401, "api.user.login.guest_accounts.disabled.error")
		require.NoError(t, signsIn("ann"))
		s.Configure(t, `{"EmailSettings":{"RequireEmailVerification":true}}`)
		refused(t, signsIn("ann"), 401, "api.user.login.not_verified.app_error")
		_, err := admin.VerifyEmailOf(ctx, ann.ID)
		require.NoError(t, err)
		require.NoError(t, signsIn("ann"))
		require.NoError(t, admin.UpdateUserActive(ctx, ann.ID, false))
		refused(t, signsIn("ann"), 401, "api.user.login.inactive.app_error")
		_, err = s.Client().Login(ctx, "ann", "wrong") // and nobody else is told
		isNobody(t, "a wrong password", err)
	})
}

// Which words a refusal uses follows from the ways to sign in that are open, and from nothing about the account.
func TestARefusalNamesTheWaysToSignIn(t *testing.T) {
	s := testserver.New(t)
	admin, _ := s.Admin(t)
	for _, c := range []struct{ settings, want string }{
		{`{"EmailSettings":{"EnableSignInWithUsername":true,"EnableSignInWithEmail":true}}`, "email_username"},
		{`{"EmailSettings":{"EnableSignInWithUsername":true,"EnableSignInWithEmail":false}}`, "username"},
		{`{"EmailSettings":{"EnableSignInWithUsername":false,"EnableSignInWithEmail":true}}`, "email"},
		{`{"EmailSettings":{"EnableSignInWithUsername":false,"EnableSignInWithEmail":false}}`, "email_username"},
	} {
		_, err := admin.PatchConfig(t.Context(), json.RawMessage(c.settings))
		require.NoError(t, err)
		_, err = s.Client().Login(t.Context(), "nobody", testserver.Password)
		refused(t, err, 401, "api.user.login.invalid_credentials_"+c.want)
	}
}
