package api_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/server/api"
	"muster/internal/testserver"
)

func TestAWrongPasswordAndAnUnknownNameLookTheSame(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.User(t, "ann")
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":3}}`)
		for range 3 {
			for _, name := range []string{"ann", "nobody", "nobody@example.com"} {
				_, err := s.Client().Login(ctx, name, "wrong")
				refused(t, err, 401, "api.user.login.invalid_credentials_email_username")
			}
		}
		for _, name := range []string{"ann", "nobody", "nobody@example.com"} {
			_, err := s.Client().Login(ctx, name, testserver.Password)
			refused(t, err, 401, "api.user.check_user_login_attempts.too_many.app_error")
		}
		admin, _ := s.Admin(t)
		u, err := admin.UserByUsername(ctx, "ann")
		require.NoError(t, err)
		require.NoError(t, admin.UpdateUserPassword(ctx, u.ID, "", testserver.Password)) // lifts the lock
		s.SignIn(t, "ann")
		audits, err := admin.UserAudits(ctx, u.ID, 0, 10)
		require.NoError(t, err)
		var history []string
		for _, a := range audits {
			first, _, _ := strings.Cut(a.ExtraInfo, " ")
			history = append(history, first)
		}
		if got, want := strings.Join(history, ","), "success,failure,failure,failure,success,user_id="+u.ID; got != want {
			t.Fatalf("history %s, want %s", got, want)
		}
	})
}

func TestSignInWaysCanBeTurnedOff(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.User(t, "ann")
		s.Configure(t, `{"EmailSettings":{"EnableSignInWithUsername":false}}`)
		_, err := s.Client().Login(ctx, "ann", testserver.Password)
		refused(t, err, 401, "api.user.login.invalid_credentials_email")
		_, err = s.Client().Login(ctx, "ann@example.com", testserver.Password)
		require.NoError(t, err)
	})
}

func TestAnImportedHashIsReplacedAtSignIn(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		hash, err := bcrypt.GenerateFromPassword([]byte("imported one"), 4)
		require.NoError(t, err)
		refused(t, admin.UpdateUserPasswordHash(ctx, ann.ID, "not a hash"), 400, "api.context.invalid_body_param.app_error")
		require.NoError(t, admin.UpdateUserPasswordHash(ctx, ann.ID, string(hash)))
		for range 2 {
			_, err = s.Client().Login(ctx, "ann", "imported one")
			require.NoError(t, err)
		}
		stored, err := s.Store.User(ctx, ann.ID)
		require.NoError(t, err)
		if !strings.HasPrefix(stored.Password, "$argon2id$") {
			t.Fatal("the bcrypt hash is still there")
		}
	})
}

func TestAPasswordChangeEndsTheOtherSessions(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		here, me := s.User(t, "ann")
		there, _ := s.SignIn(t, "ann")
		require.NoError(t, here.UpdateUserPassword(ctx, me.ID, testserver.Password, "An0ther!password"))
		_, err := here.Me(ctx)
		require.NoError(t, err)
		_, err = there.Me(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")
		_, err = s.Client().Login(ctx, "ann", testserver.Password)
		refused(t, err, 401, "api.user.login.invalid_credentials_email_username")
	})
}

func TestADeviceIsNamedAtSignIn(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, _ := s.User(t, "ann")
		for _, key := range []string{"device_id", "deviceId"} { // the second is the JavaScript client's
			resp := rawRequest(t, s, "POST", "/users/login", `{"login_id":"ann","password":"`+testserver.Password+`","`+key+`":"apple:1"}`, nil)
			if resp.StatusCode != 200 {
				t.Fatal(resp.StatusCode)
			}
		}
		list, err := ann.Sessions(t.Context(), "me")
		require.NoError(t, err)
		devices := 0
		for _, session := range list {
			if session.DeviceID == "apple:1" && session.Props["isMobile"] == "true" {
				devices++
			}
		}
		if len(list) != 2 || devices != 1 {
			t.Fatalf("%d sessions, %d of the device", len(list), devices)
		}
	})
}

func TestTokensAreNotStored(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, _ := s.User(t, "ann")
		if _, err := s.Store.SessionByTokenHash(t.Context(), []byte(ann.Token())); err == nil {
			t.Fatal("the session is found by the token itself")
		}
		list, err := ann.Sessions(t.Context(), "me")
		require.NoError(t, err)
		if len(list) != 1 || list[0].Token != "" {
			t.Fatalf("%+v", list)
		}
	})
}

func TestRevokedSessionsStopAtOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		one, me := s.User(t, "ann")
		two, _ := s.SignIn(t, "ann")
		require.NoError(t, two.Logout(ctx))
		list, err := one.Sessions(ctx, "me")
		require.NoError(t, err)
		if len(list) != 1 {
			t.Fatalf("%d sessions", len(list))
		}
		require.NoError(t, one.RevokeSession(ctx, me.ID, list[0].ID))
		_, err = one.Me(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")
		admin, _ := s.Admin(t)
		three, _ := s.SignIn(t, "ann")
		require.NoError(t, admin.RevokeSessionsFromAllUsers(ctx))
		for _, c := range []*client.Client{admin, three} {
			_, err = c.Me(ctx)
			refused(t, err, 401, "api.context.session_expired.app_error")
		}
	})
}

// rawRequest goes out without the client's help and returns the answer.
func rawRequest(t *testing.T, s *testserver.Server, method, path, body string, header map[string]string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+api.Prefix+path, strings.NewReader(body))
	require.NoError(t, err)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, resp.Body.Close()) })
	return resp
}

func TestCookiesNeedProofForWrites(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		xhr := map[string]string{"X-Requested-With": "XMLHttpRequest"}
		login := rawRequest(t, s, "POST", "/users/login", `{"login_id":"ann","password":"`+testserver.Password+`"}`, xhr)
		cookies := map[string]string{}
		for _, ck := range login.Cookies() {
			cookies[ck.Name] = ck.Value
			if ck.HttpOnly != (ck.Name == "MMAUTHTOKEN") {
				t.Errorf("%s: HttpOnly %v", ck.Name, ck.HttpOnly)
			}
		}
		write := func(header map[string]string) int {
			header["Cookie"] = "MMAUTHTOKEN=" + cookies["MMAUTHTOKEN"]
			return rawRequest(t, s, "PUT", "/users/me/patch", `{"nickname":"x"}`, header).StatusCode
		}
		for name, c := range map[string]struct {
			header map[string]string
			want   int
		}{
			"none":  {map[string]string{}, 401},
			"wrong": {map[string]string{"X-CSRF-Token": "x"}, 401},
			"right": {map[string]string{"X-CSRF-Token": cookies["MMCSRF"]}, 200},
			"xhr":   {xhr, 200},
		} {
			if got := write(c.header); got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
		s.Configure(t, `{"ServiceSettings":{"ExperimentalStrictCSRFEnforcement":true}}`)
		if got := write(map[string]string{"X-Requested-With": "XMLHttpRequest"}); got != 401 {
			t.Errorf("strict: %d", got)
		}
	})
}

func TestOddRequestsAreRefusedInForm(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, _ := s.User(t, "ann")
		auth := map[string]string{"Authorization": "Bearer " + ann.Token()}
		for name, c := range map[string]struct {
			method, path, body string
			want               int
		}{
			"large body":       {"PUT", "/users/me/patch", `{"nickname":"` + strings.Repeat("x", 400_000) + `"}`, 413},
			"two documents":    {"PUT", "/users/me/patch", `{} {}`, 400},
			"wrong type":       {"PUT", "/users/me/patch", `{"nickname":1}`, 400},
			"unknown path":     {"GET", "/nowhere", "", 404},
			"wrong method":     {"PATCH", "/users/me", "", 404},
			"token in address": {"GET", "/users/me?access_token=" + ann.Token(), "", 200},
			"too many ids":     {"POST", "/users/ids", "[" + strings.Repeat(`"x",`, muster.MaxUserList) + `"x"]`, 400},
			"absurd page":      {"GET", "/users?page=99999999999999999999&per_page=-7", "", 200},
			"far page":         {"GET", "/users?page=9000000000000000000", "", 200},
			"NUL in a name":    {"GET", "/users/username/a%00b", "", 404},
			"NUL in a search":  {"POST", "/users/search", `{"term":"a\u0000"}`, 400},
			"NUL in a filter":  {"GET", "/users?in_team=%00", "", 400},
			"bad escape":       {"GET", "/users?in_team=%zz", "", 200},
		} {
			if got := rawRequest(t, s, c.method, c.path, c.body, auth).StatusCode; got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
		if got := rawRequest(t, s, "GET", "/users/me?access_token="+ann.Token(), "", nil).StatusCode; got != 401 {
			t.Errorf("a token in the address was taken: %d", got)
		}
	})
}

func TestRequestsAreLimitedWhereAskedFor(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, `{"RateLimitSettings":{"Enable":true,"PerSec":1,"MaxBurst":3}}`)
		refusedOnce := false
		for range 6 {
			resp := rawRequest(t, s, "GET", "/system/ping", "", nil)
			refusedOnce = refusedOnce || resp.StatusCode == 429 && resp.Header.Get("Retry-After") != ""
		}
		if !refusedOnce {
			t.Fatal("six requests passed a limit of three")
		}
	})
}

func TestOtherOriginsOnlyWhereAllowed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		origin := map[string]string{"Origin": "https://app.example"}
		if h := rawRequest(t, s, "GET", "/system/ping", "", origin).Header.Get("Access-Control-Allow-Origin"); h != "" {
			t.Fatal(h)
		}
		s.Configure(t, `{"ServiceSettings":{"AllowCorsFrom":"https://app.example"}}`)
		resp := rawRequest(t, s, "OPTIONS", "/users/me", "", map[string]string{"Origin": "https://app.example", "Access-Control-Request-Method": "GET"})
		if resp.StatusCode != 204 || resp.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
			t.Fatal(resp.StatusCode, resp.Header)
		}
		if h := rawRequest(t, s, "GET", "/system/ping", "", map[string]string{"Origin": "https://evil.example"}).Header.Get("Access-Control-Allow-Origin"); h != "" {
			t.Fatal(h)
		}
	})
}
