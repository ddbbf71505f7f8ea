package attack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"muster/internal/require"
	"muster/internal/testserver"
)

// The server of these tests listens on 127.0.0.1, and every address of 127.0.0.0/8 reaches it: a client that binds 127.0.7.9 is a stranger from
// another network, over real TCP and without any header.

// clientFrom returns an HTTP client whose connections come from a loopback address.
func clientFrom(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: patience}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 2},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

// answer is what the server said, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// errorID returns the id of an error object, "" for another body.
func (a *answer) errorID() string {
	var e struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(a.body, &e) // what is no error object has no id
	return e.ID
}

// send makes one request with a JSON body, nil for none, and headers given as name, value, ...
func send(ctx context.Context, c *http.Client, method, url string, body any, headers ...string) (*answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(resp.Body)
	return &answer{resp.StatusCode, resp.Header, got}, errors.Join(err, resp.Body.Close())
}

// login tries to sign in by the API.
func login(t testing.TB, s *testserver.Server, c *http.Client, name, password string, headers ...string) *answer {
	t.Helper()
	a, err := send(t.Context(), c, http.MethodPost, s.URL+"/api/v4/users/login", map[string]string{"login_id": name, "password": password}, headers...)
	require.NoError(t, err)
	return a
}

// clock is the time of servers, which stands still until the test moves it. Their own goroutines read it, too.
type clock struct{ nanoseconds atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanoseconds.Store(time.Now().UnixNano())
	return c
}

func (c *clock) now() time.Time { return time.Unix(0, c.nanoseconds.Load()) }

func (c *clock) forward(d time.Duration) { c.nanoseconds.Add(int64(d)) }

// eventually waits for what must become true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited too long for " + what)
		}
	}
}
