package attack_test

import (
	"testing"

	"muster/internal/testserver"
)

// Who mistypes and then gets it right, again and again, locks nothing: neither here nor elsewhere, whether networks are counted or not.
func TestAnOwnersMistakesDoNotAddUpOverTheDays(t *testing.T) {
	for name, settings := range map[string]string{
		"networks are counted": `{"RateLimitSettings":{"Enable":true,"PerSec":100000,"MaxBurst":100000},"ServiceSettings":{"MaximumLoginAttempts":3}}`,
		"they are not":         `{"RateLimitSettings":{"Enable":false},"ServiceSettings":{"MaximumLoginAttempts":3}}`,
	} {
		t.Run(name, func(t *testing.T) {
			testserver.Each(t, func(t *testing.T, s *testserver.Server) {
				s.User(t, "ann")
				s.Configure(t, settings)
				home, elsewhere := clientFrom("127.0.16.1"), clientFrom("127.0.17.1")
				for range 16 { // twice 16 are more than the thirty that lock an account
					for range 2 {
						refusedAs(t, login(t, s, home, "ann", "wrong"), 401, wrongCredentials)
					}
					signsIn(t, login(t, s, home, "ann", testserver.Password))
				}
				signsIn(t, login(t, s, elsewhere, "ann", testserver.Password))
			})
		})
	}
}
