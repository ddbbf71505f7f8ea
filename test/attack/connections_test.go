package attack_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"muster/internal/require"
	"muster/internal/testserver"
)

// A network has so many connections; more are closed at once.
func TestConnectionsAreBoundedByNetwork(t *testing.T) {
	s := testserver.New(t)
	_, u := s.Admin(t)
	const most, tried = 20, 30
	s.Configure(t, fmt.Sprintf(`{"RateLimitSettings":{"MaxConnectionsPerNetwork":%d},"ServiceSettings":{"TrustedProxies":["127.0.11.9"]}}`, most))
	ended := make(chan error, 2*tried)
	for range tried {
		c := rawFrom(t, s, "127.0.11.1")
		go func() {
			_, err := c.Read(make([]byte, 1))
			ended <- err
		}()
	}
	for range tried - most {
		if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("connections over the bound stay open")
		}
	}
	if got := login(t, s, clientFrom("127.0.11.2"), u.Username, testserver.Password); got.status != http.StatusOK {
		t.Fatalf("another network: %d %s", got.status, got.body)
	}
	for range most + 1 { // a trusted proxy's are not limited
		say(t, rawFrom(t, s, "127.0.11.9"), "GET /api/v4/system/ping HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	if got := login(t, s, clientFrom("127.0.11.9"), u.Username, testserver.Password); got.status != http.StatusOK {
		t.Fatalf("through a proxy: %d %s", got.status, got.body)
	}
}

// Requests that never end hold no more than a network's share.
func TestStalledBodiesAreBoundedByNetwork(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t)
		const most, tried = 20, 40
		s.Configure(t, fmt.Sprintf(`{"RateLimitSettings":{"MaxRequestsPerNetwork":%d}}`, most))
		refused := make(chan string, tried)
		var stalled []net.Conn
		for range tried {
			c := rawFrom(t, s, "127.0.12.1")
			stalled = append(stalled, c)
			say(t, c, "POST /api/v4/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n{\"login_id\":\"")
			go func() {
				b := make([]byte, len("HTTP/1.1 429"))
				_, err := io.ReadFull(c, b)
				refused <- fmt.Sprint(string(b), err)
			}()
		}
		for range tried - most {
			if got := <-refused; got != "HTTP/1.1 429<nil>" {
				t.Fatalf("a request over the bound: %q", got)
			}
		}
		if got := login(t, s, clientFrom("127.0.12.2"), u.Username, testserver.Password); got.status != http.StatusOK {
			t.Fatalf("another network: %d %s", got.status, got.body)
		}
		for _, c := range stalled {
			require.NoError(t, c.Close())
		}
		eventually(t, "the places of requests that ended", func() bool {
			return login(t, s, clientFrom("127.0.12.1"), u.Username, testserver.Password).status == http.StatusOK
		})
	})
}

// rawFrom connects from a loopback address, for what no HTTP client does.
func rawFrom(t *testing.T, s *testserver.Server, address string) net.Conn {
	t.Helper()
	at, err := url.Parse(s.URL)
	require.NoError(t, err)
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext(t.Context(), "tcp", at.Host)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// say writes a request, or a part of one.
func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
}

// A network that keeps being refused has its new connections closed without an answer for a while; others, and sign-ins over the rate, are answered.
func TestRefusalsBecomeCheap(t *testing.T) {
	s := testserver.New(t)
	_, u := s.Admin(t)
	s.Configure(t, `{"RateLimitSettings":{"MaxAnonymousWebSocketsPerNetwork":1,"LoginBurst":150,"LoginPerMinute":1}}`)
	attempt := func(from string) (answered bool) {
		c := rawFrom(t, s, from)
		_, _ = io.WriteString(c, "GET /api/v4/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
		n, _ := c.Read(make([]byte, 1))
		return n > 0
	}
	closed := false
	for i := 0; i < 5000 && !closed; i++ {
		closed = !attempt("127.0.12.3")
	}
	if !closed {
		t.Fatal("5,000 refusals were all answered")
	}
	if got := login(t, s, clientFrom("127.0.12.4"), u.Username, testserver.Password); got.status != http.StatusOK {
		t.Errorf("another network: %d %s", got.status, got.body)
	}
	eventually(t, "the network to be answered again", func() bool { return attempt("127.0.12.3") })
	for range 400 { // a rate that is exceeded closes nothing
		resp, err := clientFrom("127.0.12.5").Post(s.URL+"/api/v4/users/login", "application/json", nil)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
}

// So has one that keeps announcing bodies that nobody reads.
func TestRefusedBodiesBecomeCheap(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	closed := false
	for i := 0; i < 5000 && !closed; i++ {
		c := rawFrom(t, s, "127.0.12.6")
		_, _ = io.WriteString(c, "POST /api/v4/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n{")
		n, _ := c.Read(make([]byte, 1))
		closed = n == 0
	}
	if !closed {
		t.Error("5,000 refusals were all answered")
	}
}
