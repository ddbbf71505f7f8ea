package attack_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

const (
	stale   = "api.context.reauthentication_required.app_error"
	byToken = "api.context.access_token_not_allowed.app_error"
	allOn   = `{"ServiceSettings":{"EnableMultifactorAuthentication":true,"EnableUserAccessTokens":true},"TeamSettings":{"EnableUserDeactivation":true}}`
)

// later is a session as it is served an hour from now, long after it was fresh.
func later(t *testing.T, s *testserver.Server, c *client.Client) *client.Client {
	t.Helper()
	node := s.Node(t, func() time.Time { return time.Now().Add(time.Hour) })
	return client.New(node.URL, client.WithToken(c.Token()))
}

// withToken is a program that acts for the session's account by an access token.
func withToken(t *testing.T, s *testserver.Server, c *client.Client) *client.Client {
	t.Helper()
	token, err := c.CreateAccessToken(t.Context(), client.Me, "a program", 0)
	require.NoError(t, err)
	return client.New(s.URL, client.WithToken(token.Token))
}

// twoStep turns the second factor of the session's account on.
func twoStep(t *testing.T, c *client.Client) (recovery []string) {
	t.Helper()
	return twoStepAt(t, c, time.Now())
}

// twoStepAt is twoStep at the time of the client's server.
func twoStepAt(t *testing.T, c *client.Client, now time.Time) (recovery []string) {
	t.Helper()
	secret, err := c.GenerateMfaSecret(t.Context(), client.Me)
	require.NoError(t, err)
	code, err := totp.GenerateCode(secret.Secret, now)
	require.NoError(t, err)
	recovery, err = c.UpdateMfa(t.Context(), client.Me, true, code)
	require.NoError(t, err)
	return recovery
}

// tokenMaker is somebody who may have access tokens.
func tokenMaker(t *testing.T, s *testserver.Server, name string) (*client.Client, *muster.User) {
	t.Helper()
	s.Configure(t, allOn)
	c, u := s.User(t, name)
	admin, _ := s.Admin(t)
	require.NoError(t, admin.UpdateUserRoles(t.Context(), u.ID, "system_user system_user_access_token"))
	return c, u
}

func refusedWith(t *testing.T, what string, err error, status int, id string) {
	t.Helper()
	if got, ok := errors.AsType[*client.Error](err); !ok || got.StatusCode != status || got.ID != id {
		t.Errorf("%s: %v, want %d %s", what, err, status, id)
	}
}

// changes are what a stolen session would do to keep an account, or to destroy it.
func changes(t *testing.T, c *client.Client, u *muster.User) map[string]func() error {
	ctx := t.Context()
	email, password := "thief@example.com", testserver.Password
	return map[string]func() error{
		"turn off the second factor": func() error { _, err := c.UpdateMfa(ctx, client.Me, false, ""); return err },
		"replace the second factor":  func() error { _, err := c.GenerateMfaSecret(ctx, client.Me); return err },
		"activate another":           func() error { _, err := c.UpdateMfa(ctx, client.Me, true, "123456"); return err },
		"make recovery codes":        func() error { _, err := c.ReplaceRecoveryCodes(ctx); return err },
		"create an access token":     func() error { _, err := c.CreateAccessToken(ctx, client.Me, "thief", 0); return err },
		"change the address": func() error {
			_, err := c.PatchUser(ctx, client.Me, &muster.UserPatch{Email: &email, Password: &password})
			return err
		},
		"deactivate the account":      func() error { return c.UpdateUserActive(ctx, u.ID, false) },
		"delete the account":          func() error { return c.DeleteUser(ctx, u.ID) },
		"delete the account for good": func() error { return c.DeleteUserPermanently(ctx, u.ID) },
		"enable a disabled token":     func() error { return enableAny(t, c) },
	}
}

// enableAny enables the account's first access token.
func enableAny(t *testing.T, c *client.Client) error {
	t.Helper()
	list, err := c.AccessTokensOf(t.Context(), client.Me, 0, 1)
	require.NoError(t, err)
	return c.EnableAccessToken(t.Context(), list[0].ID)
}

// Before, a session that was a month old could do all of these but one, and so could an access token.
func TestAStolenSessionKeepsNothing(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, u := tokenMaker(t, s, "ann")
		program := withToken(t, s, ann)
		recovery := twoStep(t, ann)
		before, err := s.Store.User(ctx, u.ID)
		require.NoError(t, err)
		stolen := later(t, s, ann)
		for what, change := range changes(t, stolen, u) {
			refusedWith(t, "a stale session may "+what, change(), http.StatusForbidden, stale)
		}
		for what, change := range changes(t, program, u) {
			refusedWith(t, "an access token may "+what, change(), http.StatusForbidden, byToken)
		}
		refusedWith(t, "an access token counts codes", errorOf(program.RecoveryCodesLeft(ctx)), http.StatusForbidden, byToken)
		refusedWith(t, "an access token makes itself fresh", program.Reauthenticate(ctx, testserver.Password, recovery[0]), http.StatusForbidden, byToken)
		after, err := s.Store.User(ctx, u.ID)
		require.NoError(t, err)
		tokens, err := s.Store.AccessTokens(ctx, u.ID, 0, 10)
		require.NoError(t, err)
		if after.Email != before.Email || !after.MfaActive || after.MfaSecret != before.MfaSecret || after.DeleteAt != 0 || len(tokens) != 1 {
			t.Errorf("something changed: %+v, %d tokens", after, len(tokens))
		}
		if left, err := s.Store.RecoveryCodesLeft(ctx, u.ID); err != nil || left != 10 {
			t.Errorf("%d recovery codes are left: %v", left, err)
		}
	})
}

// What else goes on as ever, so that clients of the reference server work: within the interval nothing is asked, and without the second factor the
// address takes the password with the request.
func TestAFreshSessionIsNotAsked(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, u := tokenMaker(t, s, "ann")
		email, password := "ann@new.example.com", testserver.Password
		_, err := later(t, s, ann).PatchUser(ctx, client.Me, &muster.UserPatch{Email: &email, Password: &password})
		require.NoError(t, err)
		ann, _ = s.SignIn(t, "ann")
		withToken(t, s, ann)
		twoStep(t, ann)
		_, err = ann.UpdateMfa(ctx, client.Me, false, "")
		require.NoError(t, err)
		admin, _ := s.Admin(t)
		_, err = later(t, s, admin).UpdateMfa(ctx, u.ID, false, "") // of another's account the permissions speak
		require.NoError(t, err)
		refusedWith(t, "a stale administrator makes somebody's token", errorOf(later(t, s, admin).CreateAccessToken(ctx, u.ID, "x", 0)), http.StatusForbidden, stale)
		s.Configure(t, `{"ServiceSettings":{"ReauthenticationIntervalInMinutes":0}}`)
		require.NoError(t, later(t, s, ann).UpdateUserActive(ctx, u.ID, false))
	})
}

func TestReauthenticationTakesWhatSigningInTakes(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, u := tokenMaker(t, s, "ann")
		recovery := twoStep(t, ann)
		other := s.Client()
		_, err := other.LoginWith(ctx, client.Credentials{LoginID: "ann", Password: testserver.Password, Code: recovery[9]})
		require.NoError(t, err)
		stolen := later(t, s, ann)
		refusedWith(t, "nothing", stolen.Reauthenticate(ctx, "", ""), http.StatusBadRequest, "api.context.invalid_body_param.app_error")
		refusedWith(t, "a wrong password", stolen.Reauthenticate(ctx, "wrong", recovery[0]), http.StatusBadRequest, "api.user.check_user_password.invalid.app_error")
		refusedWith(t, "no code", stolen.Reauthenticate(ctx, testserver.Password, ""), http.StatusBadRequest, "mfa.validate_token.authenticate.app_error")
		refusedWith(t, "a wrong code", stolen.Reauthenticate(ctx, testserver.Password, "abcd-efgh-ijkl-mnop"), http.StatusBadRequest, "api.user.check_user_mfa.bad_code.app_error")
		refusedWith(t, "a used code", stolen.Reauthenticate(ctx, testserver.Password, recovery[9]), http.StatusBadRequest, "api.user.check_user_mfa.bad_code.app_error")
		if after, err := s.Store.User(ctx, u.ID); err != nil || after.FailedAttempts != 3 {
			t.Errorf("failed attempts: %d, %v", after.FailedAttempts, err)
		}
		refusedWith(t, "still", errorOf(stolen.UpdateMfa(ctx, client.Me, false, "")), http.StatusForbidden, stale)
		require.NoError(t, stolen.Reauthenticate(ctx, testserver.Password, recovery[0]))
		refusedWith(t, "another session of the account", errorOf(later(t, s, other).UpdateMfa(ctx, client.Me, false, "")), http.StatusForbidden, stale)
		_, err = stolen.UpdateMfa(ctx, client.Me, false, "")
		require.NoError(t, err)
		audits, err := s.Store.Audits(ctx, u.ID, 0, 50)
		require.NoError(t, err)
		if !slices.ContainsFunc(audits, func(a *muster.Audit) bool {
			return strings.HasPrefix(a.ExtraInfo, "reauthenticated by a recovery code")
		}) {
			t.Error("the history does not tell of it")
		}
	})
}

// Before, a stale session or an access token enrolled a second factor of the thief's where there was none, and the owner could not sign in any more.
func TestAStolenSessionEnrolsNoSecondFactor(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, u := tokenMaker(t, s, "ann")
		program := withToken(t, s, ann)
		stolen := later(t, s, ann)
		enrols := func(c *client.Client) map[string]error {
			_, generated := c.GenerateMfaSecret(ctx, client.Me)
			_, activated := c.UpdateMfa(ctx, client.Me, true, "123456")
			_, off := c.UpdateMfa(ctx, client.Me, false, "")
			return map[string]error{"generates": generated, "activates": activated, "turns off": off}
		}
		untouched := func() {
			t.Helper()
			after, err := s.Store.User(ctx, u.ID)
			require.NoError(t, err)
			state, err := s.Store.MfaState(ctx, u.ID)
			require.NoError(t, err)
			if after.MfaActive || state.Pending != "" {
				t.Errorf("a second factor is on or pending: %v %v", after.MfaActive, state.Pending != "")
			}
		}
		for what, err := range enrols(stolen) {
			refusedWith(t, "a stale session "+what, err, http.StatusForbidden, stale)
		}
		for what, err := range enrols(program) {
			refusedWith(t, "an access token "+what, err, http.StatusForbidden, byToken)
		}
		untouched()

		// Where the settings send everybody there, sessions of any age may set the first one up; programs still may not.
		s.Configure(t, `{"ServiceSettings":{"EnforceMultifactorAuthentication":true}}`)
		for what, err := range enrols(program) {
			refusedWith(t, "an access token "+what+" although it is asked for", err, http.StatusForbidden, byToken)
		}
		untouched()
		stolen = later(t, s, ann) // a server that was started with the setting
		twoStepAt(t, stolen, time.Now().Add(time.Hour))
		refusedWith(t, "a stale session replaces it", errorOf(stolen.GenerateMfaSecret(ctx, client.Me)), http.StatusForbidden, stale)
	})
}

// Before, a stale session or an access token of an administrator made itself an administrator with a password.
func TestAStolenSessionMakesNoPersonOfABot(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, `{"ServiceSettings":{"EnableBotAccountCreation":true,"EnableUserAccessTokens":true}}`)
		admin, _ := s.Admin(t)
		bot, err := admin.CreateBot(ctx, &muster.Bot{Username: "robot"})
		require.NoError(t, err)
		program := withToken(t, s, admin)
		password := testserver.Password
		convert := func(c *client.Client) error {
			_, err := c.ConvertBotToUser(ctx, bot.UserID, &muster.UserPatch{Password: &password}, true)
			return err
		}
		refusedWith(t, "a stale session", convert(later(t, s, admin)), http.StatusForbidden, stale)
		refusedWith(t, "an access token", convert(program), http.StatusForbidden, byToken)
		u, err := s.Store.User(ctx, bot.UserID)
		require.NoError(t, err)
		if !u.IsBot || u.Password != "" || strings.Contains(u.Roles, muster.RoleSystemAdmin) {
			t.Errorf("the bot became %+v", u)
		}
		require.NoError(t, convert(admin))
	})
}

// Before, a wrong password was 401, by which clients sign out. Too many are 429, and say when to come back.
func TestAWrongProofEndsNoSession(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":2}}`)
		ann, _ := s.User(t, "ann")
		for range 2 {
			refusedWith(t, "a wrong password", ann.Reauthenticate(ctx, "wrong", ""), http.StatusBadRequest, "api.user.check_user_password.invalid.app_error")
		}
		resp, err := ann.Do(ctx, &client.Request{
			Method: http.MethodPost, Path: "/users/sessions/reauthenticate", Body: []byte(`{"password":"` + testserver.Password + `"}`),
		})
		refusedWith(t, "too many", err, http.StatusTooManyRequests, tooMany)
		if resp == nil || resp.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		_, err = ann.Me(ctx)
		require.NoError(t, err)
	})
}

func errorOf[T any](_ T, err error) error { return err }
