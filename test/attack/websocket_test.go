package attack_test

import (
	"net/http"
	"testing"

	"muster/internal/testserver"
)

// WebSockets of one network are bounded, and those that nobody signed in on much more so.
func TestWebSocketsAreBoundedByNetwork(t *testing.T) {
	s := testserver.New(t)
	admin, _ := s.Admin(t)
	s.Configure(t, `{"RateLimitSettings":{"MaxWebSocketsPerNetwork":4,"MaxAnonymousWebSocketsPerNetwork":2}}`)
	flood := clientFrom("127.0.8.1")
	for i, c := range []struct {
		token string
		want  int
	}{
		{"", http.StatusSwitchingProtocols}, {"", http.StatusSwitchingProtocols}, {"", http.StatusTooManyRequests},
		{admin.Token(), http.StatusSwitchingProtocols}, {admin.Token(), http.StatusSwitchingProtocols}, {admin.Token(), http.StatusTooManyRequests},
	} {
		if got := dial(t, s, flood, c.token); got != c.want {
			t.Fatalf("WebSocket %d: %d, want %d", i, got, c.want)
		}
	}
	if got := dial(t, s, clientFrom("127.0.8.2"), ""); got != http.StatusSwitchingProtocols {
		t.Fatalf("another network: %d", got)
	}
	// Nobody signs in on the two, so they end, and their places are free again.
	eventually(t, "an anonymous WebSocket's place", func() bool { return dial(t, s, flood, "") == http.StatusSwitchingProtocols })
}
