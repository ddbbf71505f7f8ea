package attack_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"muster"
	"muster/internal/mustertest"
	"muster/internal/network"
)

const floodConnections = 600

// One client holds every place in the queue for hashing that there is. Whoever comes from elsewhere is served as if it were not there, and it is told when
// to come back. Limits by network are off, so that nothing but the queue stands between the two.
func TestAFullQueueTurnsAwayOnlyWhoFilledIt(t *testing.T) {
	mustertest.Each(t, func(t *testing.T, s *mustertest.Server) {
		_, u := s.Admin(t)
		s.Configure(t, `{"RateLimitSettings":{"Enable":false}}`)
		const flooder = "127.0.66.6"
		for {
			ticket, err := s.Passwords.Admit(t.Context(), network.Of(flooder))
			if muster.IsKind(err, muster.Unavailable) {
				break
			}
			must(t, err)
			defer ticket.Release()
		}
		refused := login(t, s, clientFrom(flooder), u.Username, mustertest.Password)
		if wait, err := strconv.Atoi(refused.header.Get("Retry-After")); refused.status != http.StatusServiceUnavailable || err != nil || wait < 1 {
			t.Errorf("who filled the queue: %d, Retry-After %q", refused.status, refused.header.Get("Retry-After"))
		}
		for range 10 {
			if a := login(t, s, clientFrom("127.0.7.9"), u.Username, mustertest.Password); a.status != http.StatusOK {
				t.Fatalf("sign-in beside a full queue: %d %s", a.status, a.body)
			}
		}
	})
}

func TestAFloodOfSignInsStopsNobodyElse(t *testing.T) {
	mustertest.Each(t, func(t *testing.T, s *mustertest.Server) {
		_, u := s.Admin(t)
		s.Configure(t, `{"RateLimitSettings":{"Enable":false}}`)
		flooder, honest := clientFrom("127.0.66.6"), clientFrom("127.0.7.9")
		var flood sync.WaitGroup
		var turnedAway atomic.Int32
		for i := range floodConnections {
			flood.Go(func() {
				a, err := send(t.Context(), flooder, http.MethodPost, s.URL+"/api/v4/users/login",
					map[string]string{"login_id": "nobody" + strconv.Itoa(i), "password": "a guess"})
				if err == nil && a.status == http.StatusServiceUnavailable {
					turnedAway.Add(1)
				}
			})
		}
		eventually(t, "the flood to fill its share", func() bool { return turnedAway.Load() > 0 })
		for range 3 {
			if a := login(t, s, honest, u.Username, mustertest.Password); a.status != http.StatusOK {
				t.Errorf("sign-in beside the flood: %d %s", a.status, a.body)
			}
		}
		flood.Wait()
	})
}
