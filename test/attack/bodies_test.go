package attack_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"muster/internal/require"
	"muster/internal/testserver"
)

// What needs no session reads no more than it needs.
func TestOpenRoutesReadSmallBodies(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, _ := s.Admin(t)
		c := clientFrom("127.0.13.1")
		long := map[string]string{"login_id": strings.Repeat("x", 17<<10), "email": "a@example.com", "password": "x"}
		for _, path := range []string{
			"/users", "/users/login", "/users/login/cws", "/users/mfa", "/users/password/reset/send", "/users/password/reset", "/users/email/verify/send", "/users/email/verify",
		} {
			got, err := send(t.Context(), c, http.MethodPost, s.URL+"/api/v4"+path, long)
			require.NoError(t, err)
			if got.status != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
		}
		for _, page := range []string{"/login", "/signup_user_complete", "/reset_password"} {
			resp, err := c.Post(s.URL+page, "application/x-www-form-urlencoded", strings.NewReader("login_id="+long["login_id"]))
			require.NoError(t, err)
			if require.NoError(t, resp.Body.Close()); resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("page %s: %d", page, resp.StatusCode)
			}
		}
		// Who is signed in sends more, and an administrator creates accounts with props of any size.
		got, err := send(t.Context(), c, http.MethodPost, s.URL+"/api/v4/users/ids", []string{strings.Repeat("x", 200<<10)}, "Authorization", "Bearer "+admin.Token())
		if require.NoError(t, err); got.status != http.StatusOK && got.status != http.StatusBadRequest {
			t.Errorf("signed in: %d %s", got.status, got.body)
		}
	})
}

// A body that does not end is not read to its end.
func TestEndlessBodiesAreNotRead(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	for _, path := range []string{"/api/v4/users/login", "/api/v4/users/ids", "/api/v4/config/patch", "/login"} {
		sent, status := endless(t, clientFrom("127.0.13.2"), s.URL+path, "application/json", nil)
		if sent > acceptedMax || status >= 500 || status == http.StatusOK {
			t.Errorf("%s: %d after %d bytes", path, status, sent)
		}
	}
}

const (
	endlessBody = 90 << 20
	acceptedMax = 16 << 20 // bytes that the kernel's buffers take on a connection that nobody reads
)

// endless sends a beginning and then zeros, and returns how many bytes were taken and the answer's status, 0 where the connection was cut before it.
func endless(t *testing.T, c *http.Client, url, contentType string, beginning []byte, headers ...string) (sent int64, status int) {
	t.Helper()
	var n atomic.Int64
	body := io.MultiReader(bytes.NewReader(beginning), io.LimitReader(zeros{&n}, endlessBody))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		return n.Load(), 0
	}
	require.NoError(t, resp.Body.Close())
	return n.Load(), resp.StatusCode
}

// zeros is an endless file.
type zeros struct{ n *atomic.Int64 }

func (z zeros) Read(p []byte) (int, error) {
	clear(p)
	z.n.Add(int64(len(p)))
	return len(p), nil
}
