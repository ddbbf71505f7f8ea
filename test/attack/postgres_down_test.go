package attack_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"muster"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// relay stands between the server and PostgreSQL. While it is cut, connections are refused and those that were there are gone.
type relay struct {
	address, to string

	mu    sync.Mutex
	l     net.Listener
	conns map[net.Conn]struct{}
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	r := &relay{address: "127.0.0.1:0", to: to, conns: map[net.Conn]struct{}{}}
	r.mend(t)
	t.Cleanup(func() { r.cut(t) })
	return r
}

func (r *relay) mend(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", r.address)
	require.NoError(t, err)
	r.mu.Lock()
	r.l, r.address = l, l.Addr().String()
	r.mu.Unlock()
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go r.pass(in)
		}
	}()
}

func (r *relay) pass(in net.Conn) {
	out, err := net.Dial("tcp", r.to)
	if err != nil {
		_ = in.Close()
		return
	}
	r.mu.Lock()
	r.conns[in], r.conns[out] = struct{}{}, struct{}{}
	r.mu.Unlock()
	go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	_, _ = io.Copy(in, out)
	_ = in.Close()
}

func (r *relay) cut(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.l.Close() // perhaps for the second time
	for c := range r.conns {
		_ = c.Close()
	}
	clear(r.conns)
}

// While PostgreSQL is away every operation says so: 503 and when to ask again, and never that a session, a right or a thing is not there. Once it is
// back, so is everything.
func TestPostgresDownIs503(t *testing.T) {
	dsn, err := url.Parse(storetest.PostgresDSN(t))
	require.NoError(t, err)
	r := newRelay(t, dsn.Host)
	dsn.Host = r.address
	db, err := store.Open(t.Context(), store.Options{DSN: dsn.String()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	s := testserver.On(t, db)
	admin, me := s.Admin(t)
	s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":true},"RateLimitSettings":{"Enable":false}}`)
	group := newGroup(t, admin, "team")
	fresh, err := admin.CreateAccessToken(t.Context(), me.ID, "not used yet", 0)
	require.NoError(t, err)

	bearer := "Bearer " + admin.Token()
	upgrade := []string{"Authorization", "Bearer " + fresh.Token, "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	requests := []struct {
		name, method, path string
		body               any
		headers            []string
		up                 int // status once PostgreSQL is there
	}{
		{"an unknown session", "GET", "/api/v4/users/me", nil, []string{"Authorization", "Bearer " + muster.NewID()}, 401},
		{"a token that was not used yet", "GET", "/api/v4/users/me", nil, []string{"Authorization", "Bearer " + fresh.Token}, 200},
		{"sign-in", "POST", "/api/v4/users/login", map[string]string{"login_id": "admin", "password": testserver.Password}, nil, 200},
		{"sign-in of nobody", "POST", "/api/v4/users/login", map[string]string{"login_id": "nobody", "password": testserver.Password}, nil, 401},
		{"a list", "GET", "/api/v4/users", nil, []string{"Authorization", bearer}, 200},
		{"an account that is not there", "GET", "/api/v4/users/" + muster.NewID(), nil, []string{"Authorization", bearer}, 404},
		{"a team", "GET", "/api/v4/teams/" + group.team, nil, []string{"Authorization", bearer}, 200},
		{"a channel that is not there", "GET", "/api/v4/channels/" + muster.NewID(), nil, []string{"Authorization", bearer}, 404},
		{"a change", "PUT", "/api/v4/users/" + me.ID + "/patch", map[string]string{"nickname": "x"}, []string{"Authorization", bearer}, 200},
		{"a reset", "POST", "/api/v4/users/password/reset/send", map[string]string{"email": me.Email}, nil, 200},
		{"a page", "GET", "/login", nil, []string{"Cookie", "MMAUTHTOKEN=" + muster.NewID()}, 200},
		{"a WebSocket", "GET", "/api/v4/websocket", nil, upgrade, 101},
	}
	ask := func(method, path string, body any, headers []string) *answer {
		t.Helper()
		a, err := send(t.Context(), &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, method, s.URL+path, body, headers...)
		require.NoError(t, err)
		return a
	}
	r.cut(t)
	for _, q := range requests {
		got := ask(q.method, q.path, q.body, q.headers)
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q: %s", q.name, got.status, got.header.Get("Retry-After"), got.body)
		}
		if strings.HasPrefix(q.path, "/api/") && got.errorID() != "api.context.database_unavailable.app_error" {
			t.Errorf("%s: id %q", q.name, got.errorID())
		}
	}
	r.mend(t)
	eventually(t, "the database to answer", func() bool { _, err := db.Empty(t.Context()); return err == nil })
	for _, q := range requests {
		if q.up == http.StatusSwitchingProtocols {
			continue // which has no end to read to
		}
		if got := ask(q.method, q.path, q.body, q.headers); got.status != q.up {
			t.Errorf("%s, with the database back: %d, want %d: %s", q.name, got.status, q.up, got.body)
		}
	}
	if failed, err := db.User(t.Context(), me.ID); err != nil || failed.FailedAttempts != 0 {
		t.Errorf("sign-ins that could not be decided were counted: %+v, %v", failed, err)
	}
}
