package attack_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"muster/internal/mustertest"
)

const (
	floodConnections = 600
	honestSignIns    = 3
)

// One client keeps 600 sign-ins waiting. Whoever comes from elsewhere is served as if it were not there. Limits by network are off, so that nothing but
// the queue stands between the two.
func TestAFloodOfSignInsWaitsBehindItself(t *testing.T) {
	mustertest.Each(t, func(t *testing.T, s *mustertest.Server) {
		_, u := s.Admin(t)
		s.Configure(t, `{"RateLimitSettings":{"Enable":false}}`)
		flooder, honest := clientFrom("127.0.66.6"), clientFrom("127.0.7.9")
		var flood sync.WaitGroup
		var over atomic.Bool
		for i := range floodConnections {
			flood.Go(func() {
				for !over.Load() {
					a, err := send(t.Context(), flooder, http.MethodPost, s.URL+"/api/v4/users/login",
						map[string]string{"login_id": "nobody" + strconv.Itoa(i), "password": "a guess"})
					if err != nil {
						return // no connection left
					}
					if a.status == http.StatusServiceUnavailable {
						if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 {
							t.Errorf("503 with Retry-After %q", a.header.Get("Retry-After"))
						}
						return // the others keep the queue full
					}
				}
			})
		}
		for range honestSignIns {
			if a := login(t, s, honest, u.Username, mustertest.Password); a.status != http.StatusOK {
				t.Errorf("sign-in beside the flood: %d %s", a.status, a.body)
			}
		}
		over.Store(true)
		flood.Wait()
	})
}
