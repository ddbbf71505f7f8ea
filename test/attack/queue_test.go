package attack_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"muster"
	"muster/internal/auth/password"
	"muster/internal/network"
	"muster/internal/require"
	"muster/internal/testserver"
)

// One client holds every place in the queue for hashing that there is. Whoever comes from elsewhere is served as if it were not there, and it is told when
// to come back. Limits by network are off, so that nothing but the queue stands between the two.
func TestAFullQueueTurnsAwayOnlyWhoFilledIt(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t)
		s.Configure(t, `{"RateLimitSettings":{"Enable":false}}`)
		const flooder = "127.0.66.6"
		for {
			reservation, err := s.Passwords.Reserve(t.Context(), password.Origin{Network: network.Of(flooder)})
			if muster.IsKind(err, muster.Unavailable) {
				break
			}
			require.NoError(t, err)
			defer reservation.Release()
		}
		refused := login(t, s, clientFrom(flooder), u.Username, testserver.Password)
		if wait, err := strconv.Atoi(refused.header.Get("Retry-After")); refused.status != http.StatusServiceUnavailable || err != nil || wait < 1 {
			t.Errorf("who filled the queue: %d, Retry-After %q", refused.status, refused.header.Get("Retry-After"))
		}
		for range 10 {
			if a := login(t, s, clientFrom("127.0.7.9"), u.Username, testserver.Password); a.status != http.StatusOK {
				t.Fatalf("sign-in beside a full queue: %d %s", a.status, a.body)
			}
		}
	})
}

// Strangers hold every place that there is, each in a network of its own, so that none of them has more than anybody else. The owner is let in all the
// same, by a device that the account knows and from a network that it knows; and who comes from elsewhere gets a place of the site with most.
func TestStrangersFromEverywhereKeepNoOwnerOut(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t) // from 127.0.0.1, a network that the account knows from then on
		fill := func(pattern string, n int) {
			t.Helper()
			for i := range n {
				reservation, err := s.Passwords.Reserve(t.Context(), password.Origin{Network: network.Of(fmt.Sprintf(pattern, i/250, i%250))})
				if muster.IsKind(err, muster.Unavailable) {
					return
				}
				require.NoError(t, err)
				t.Cleanup(reservation.Release)
			}
			t.Fatal("there is always room")
		}
		known := login(t, s, clientFrom("127.0.7.9"), u.Username, testserver.Password).header.Get("X-Device-Token")
		fill("10.%d.%d.1", 5_000)
		if a := login(t, s, clientFrom("127.0.8.9"), u.Username, testserver.Password); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("a stranger among strangers: %d %s", a.status, a.body)
		}
		for range 3 {
			if a := login(t, s, clientFrom("127.0.8.9"), u.Username, testserver.Password, "X-Device-Token", known); a.status != http.StatusOK {
				t.Errorf("from a known device: %d %s", a.status, a.body)
			}
			if a := login(t, s, clientFrom("127.0.0.1"), u.Username, testserver.Password); a.status != http.StatusOK {
				t.Errorf("from a network that the account knows: %d %s", a.status, a.body)
			}
		}
	})
}

// A single customer with a /48 of IPv6 has 65,536 networks. They turn nobody else away.
func TestOneSiteOfManyNetworksTurnsNobodyAway(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t)
		for i := 0; ; i++ {
			reservation, err := s.Passwords.Reserve(t.Context(), password.Origin{Network: network.Of(fmt.Sprintf("2001:db8:1:%x::1", i))})
			if muster.IsKind(err, muster.Unavailable) {
				break
			}
			require.NoError(t, err)
			t.Cleanup(reservation.Release)
		}
		for i := range 5 {
			if a := login(t, s, clientFrom(fmt.Sprintf("127.0.9.%d", i+1)), u.Username, testserver.Password); a.status != http.StatusOK {
				t.Errorf("from elsewhere: %d %s", a.status, a.body)
			}
		}
	})
}
