package attack_test

import (
	"net/http"
	"testing"

	"muster/internal/require"
	"muster/internal/testserver"
)

// The other tests stand on this: a client's loopback address is what the server takes for where it is.
func TestClientsComeFromTheirOwnAddress(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t)
		const address = "127.0.7.9"
		if got := login(t, s, clientFrom(address), u.Username, testserver.Password); got.status != http.StatusOK {
			t.Fatalf("sign-in: %d %s", got.status, got.body)
		}
		audits, err := s.Store.Audits(t.Context(), u.ID, 0, 1)
		require.NoError(t, err)
		if len(audits) != 1 || audits[0].IPAddress != address {
			t.Fatalf("history %+v, want a sign-in from %s", audits, address)
		}
	})
}
