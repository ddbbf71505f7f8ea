package attack_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"muster/client"
	"muster/internal/mustertest"
)

// Which schemes imported hashes have is noted with the first of them, so that every refused sign-in can take their time, and is forgotten with the
// last. What would make refusals cost seconds is not taken. That refusals do equal work is TestEveryRefusalTakesTheSameWork of the hasher.
func TestSchemesOfImportedHashesAreKnownWhileInUse(t *testing.T) {
	mustertest.Each(t, func(t *testing.T, s *mustertest.Server) {
		admin, _ := s.Admin(t)
		_, u := s.User(t, "ann")
		inUse := func(want ...string) {
			t.Helper()
			got, err := s.Store.PasswordSchemes(t.Context())
			must(t, err)
			if !slices.Equal(got, want) {
				t.Fatalf("schemes in use %q, want %q", got, want)
			}
		}
		imported, err := bcrypt.GenerateFromPassword([]byte(mustertest.Password), 5)
		must(t, err)
		for cost, id := range map[string]string{
			"$31$": "api.context.invalid_body_param.app_error",
			"$15$": "app.user.update_password.hash_cost.app_error",
		} {
			dear := strings.Replace(string(imported), "$05$", cost, 1)
			if err := admin.UpdateUserPasswordHash(t.Context(), u.ID, dear); !client.HasID(err, id) {
				t.Fatalf("%s: %v, want %s", cost, err, id)
			}
		}
		inUse()
		must(t, admin.UpdateUserPasswordHash(t.Context(), u.ID, string(imported)))
		const example = "$2a$05$....................................................."
		inUse(example)
		stranger := clientFrom("127.0.7.9")
		for _, name := range []string{"ann", "nobody"} {
			if a := login(t, s, stranger, name, "a guess"); a.status != http.StatusUnauthorized {
				t.Fatalf("%s: %d %s", name, a.status, a.body)
			}
		}
		if a := login(t, s, stranger, "ann", mustertest.Password); a.status != http.StatusOK {
			t.Fatalf("sign-in by an imported hash: %d %s", a.status, a.body)
		}
		nextDay := s.Node(t, func() time.Time { return time.Now().Add(25 * time.Hour) })
		must(t, nextDay.App.CountPasswordSchemes(t.Context()))
		inUse()
	})
}
