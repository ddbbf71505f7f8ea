package attack_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"muster/internal/config"
	"muster/internal/require"
	"muster/internal/testserver"
)

func TestLimitsAreOnByDefault(t *testing.T) {
	c := config.Default().RateLimitSettings
	if !c.Enable || c.LoginBurst < 500 || c.PerSec != 0 {
		t.Fatalf("%+v", c)
	}
}

// One network has so much done without a session and no more; others don't notice.
func TestStrangersAreLimitedByNetwork(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, u := s.Admin(t)
		s.Configure(t, `{"RateLimitSettings":{"LoginBurst":5,"LoginPerMinute":1}}`)
		flood, other := clientFrom("127.0.7.1"), clientFrom("127.0.7.2")
		for i := range 5 {
			if got := login(t, s, flood, "nobody", "wrong password"); got.status != http.StatusUnauthorized {
				t.Fatalf("sign-in %d: %d %s", i, got.status, got.body)
			}
		}
		for path, body := range map[string]any{
			"/users/login":               map[string]string{"login_id": u.Username, "password": testserver.Password},
			"/users/login/cws":           map[string]string{"login_id": u.Email, "cws_token": "x"},
			"/users/mfa":                 map[string]string{"login_id": u.Username},
			"/users":                     map[string]string{"username": "new", "email": "new@example.com", "password": testserver.Password},
			"/users/password/reset/send": map[string]string{"email": u.Email},
			"/users/password/reset":      map[string]string{"token": "x", "new_password": testserver.Password},
			"/users/email/verify/send":   map[string]string{"email": u.Email},
			"/users/email/verify":        map[string]string{"token": "x"},
		} {
			// Neither a header nor a session that somebody brings along changes the network.
			for _, header := range [][2]string{{"X-Forwarded-For", "203.0.113.7"}, {"Forwarded", "for=203.0.113.7"}} {
				got, err := send(t.Context(), flood, http.MethodPost, s.URL+"/api/v4"+path, body, header[0], header[1])
				require.NoError(t, err)
				if got.status != http.StatusTooManyRequests || got.errorID() != "api.context.rate_limited.app_error" {
					t.Errorf("%s: %d %s", path, got.status, got.body)
				}
				if after, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || after < 1 || after > 60 {
					t.Errorf("%s: Retry-After %q where a token comes within a minute", path, got.header.Get("Retry-After"))
				}
			}
		}
		if got := login(t, s, flood, u.Username, testserver.Password, "Authorization", "Bearer "+admin.Token()); got.status != http.StatusTooManyRequests {
			t.Errorf("with a session: %d", got.status)
		}
		for _, page := range []string{"/login", "/signup_user_complete", "/reset_password", "/reset_password_complete", "/should_verify_email", "/do_verify_email"} {
			resp, err := flood.PostForm(s.URL+page, url.Values{})
			require.NoError(t, err)
			if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: %d %v", page, resp.StatusCode, resp.Header)
			}
			require.NoError(t, resp.Body.Close())
		}
		if got := login(t, s, other, u.Username, testserver.Password); got.status != http.StatusOK {
			t.Errorf("another network: %d %s", got.status, got.body)
		}
		if got, err := send(t.Context(), flood, http.MethodGet, s.URL+"/api/v4/users/me", nil, "Authorization", "Bearer "+admin.Token()); err != nil || got.status != http.StatusOK {
			t.Errorf("who is signed in already: %v %v", got, err)
		}
		if n, err := s.Store.Audits(t.Context(), "", 0, 1000); err != nil || len(n) > 50 {
			t.Errorf("%d audits (%v)", len(n), err)
		}
		s.Configure(t, `{"RateLimitSettings":{"Enable":false}}`)
		if got := login(t, s, flood, u.Username, testserver.Password); got.status != http.StatusOK {
			t.Errorf("with the limits turned off: %d %s", got.status, got.body)
		}
	})
}

func TestWebSocketUpgradesAreLimitedByNetwork(t *testing.T) {
	s := testserver.New(t)
	admin, _ := s.Admin(t)
	s.Configure(t, `{"RateLimitSettings":{"WebSocketBurst":3,"WebSocketsPerMinute":1}}`)
	flood := clientFrom("127.0.7.1")
	for i := range 4 {
		status := dial(t, s, flood, admin.Token())
		if want := map[bool]int{true: http.StatusSwitchingProtocols, false: http.StatusTooManyRequests}[i < 3]; status != want {
			t.Fatalf("upgrade %d: %d, want %d", i, status, want)
		}
	}
	if status := dial(t, s, clientFrom("127.0.7.2"), admin.Token()); status != http.StatusSwitchingProtocols {
		t.Fatalf("another network: %d", status)
	}
}

// After a restart everybody's WebSockets come back at once, from one network too; those without a session are held to less.
func TestWebSocketsOfAnOfficeComeBack(t *testing.T) {
	c := config.Default().RateLimitSettings
	if c.WebSocketBurst < 3000 || c.MaxWebSocketsPerNetwork < 3000 || c.MaxConnectionsPerNetwork <= c.MaxWebSocketsPerNetwork || c.MaxAnonymousWebSocketsPerNetwork > 100 {
		t.Errorf("%+v", c)
	}
	s := testserver.New(t)
	admin, _ := s.Admin(t)
	s.Configure(t, `{"RateLimitSettings":{"LoginBurst":2,"LoginPerMinute":1}}`)
	office := clientFrom("127.0.7.3")
	for _, token := range slices.Repeat([]string{admin.Token()}, 5) {
		if status := dial(t, s, office, token); status != http.StatusSwitchingProtocols {
			t.Fatalf("with a session: %d", status)
		}
	}
	for i := range 3 {
		want := map[bool]int{true: http.StatusSwitchingProtocols, false: http.StatusTooManyRequests}[i < 2]
		if status := dial(t, s, office, ""); status != want {
			t.Errorf("without a session, %d: %d", i, status)
		}
	}
}

// dial opens a WebSocket until the test ends, with a session's token or without, and returns the answer's status.
func dial(t *testing.T, s *testserver.Server, c *http.Client, token string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	ws, resp, err := websocket.Dial(ctx, s.URL+"/api/v4/websocket", &websocket.DialOptions{HTTPClient: c, HTTPHeader: header})
	if resp == nil {
		t.Fatal(err)
	}
	if err == nil {
		t.Cleanup(func() { _ = ws.CloseNow() })
	}
	return resp.StatusCode
}
