package attack_test

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"muster/internal/require"
	"muster/internal/subprocess"
	"muster/internal/testserver"
)

// lines keeps what a server logs.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) have(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

// A proxy that nobody named, and limits that are turned off, can't be overlooked.
func TestWeakSettingsAreTold(t *testing.T) {
	program, err := subprocess.Build(t.Context(), "muster/cmd/muster", t.TempDir())
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	health := l.Addr().String()
	require.NoError(t, l.Close())
	log := &lines{}
	p, err := subprocess.Start(t.Context(), subprocess.Options{
		Program: program, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, Log: log,
		Env: []string{"MUSTER_METRICSSETTINGS_LISTENADDRESS=" + health, "MUSTER_RATELIMITSETTINGS_ENABLE=false"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Kill()) })
	if !log.have("rate limits are off") {
		t.Error("nothing is said of the limits")
	}
	awaitHealth(t, health, "ready\n")
	got, err := send(t.Context(), clientFrom("127.0.19.1"), http.MethodGet, p.URL+"/api/v4/system/ping", nil, "X-Forwarded-For", "203.0.113.7")
	if require.NoError(t, err); got.status != http.StatusOK {
		t.Fatal(got.status)
	}
	awaitHealth(t, health, "ready, but there seems to be a proxy at 127.0.19.1 ")
	if !log.have("MUSTER_SERVICESETTINGS_TRUSTEDPROXIES=127.0.19.1") {
		t.Error("the log does not say what to set")
	}
}

// How good a password is can be asked as often as people type, and costs nobody's sign-in.
func TestEstimatesTakeNoSignIns(t *testing.T) {
	s := testserver.New(t)
	_, u := s.Admin(t)
	s.Configure(t, `{"RateLimitSettings":{"LoginBurst":2,"LoginPerMinute":1}}`)
	c := clientFrom("127.0.19.2")
	limited := 0
	for range 30 {
		got, err := send(t.Context(), c, http.MethodPost, s.URL+"/password_strength", nil)
		if require.NoError(t, err); got.status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 || limited > 10 {
		t.Errorf("%d of 30 estimates are refused", limited)
	}
	if got := login(t, s, c, u.Username, testserver.Password); got.status != http.StatusOK {
		t.Errorf("a sign-in: %d %s", got.status, got.body)
	}
}
