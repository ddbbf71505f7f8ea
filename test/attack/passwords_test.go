package attack_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/testserver"
)

// A password that everybody tries is refused wherever one is set, and nothing comes of the attempt.
func TestCommonPasswordsAreRefusedWhereverOneIsSet(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, _ := s.Admin(t)
		ann, u := s.User(t, "wrzbkowski")
		const before = testserver.Password
		require.NoError(t, s.Client().SendPasswordReset(t.Context(), u.Email))
		link := s.MailedToken(t, u.Email, 1)
		set := map[string]func(password string) error{
			"sign-up": func(password string) error {
				_, err := s.Client().CreateUser(t.Context(), &muster.User{Username: "new", Email: "new@example.com", Password: password})
				return err
			},
			"an administrator's new account": func(password string) error {
				_, err := admin.CreateUser(t.Context(), &muster.User{Username: "new", Email: "new@example.com", Password: password})
				return err
			},
			"change":           func(password string) error { return ann.UpdateUserPassword(t.Context(), u.ID, before, password) },
			"by administrator": func(password string) error { return admin.UpdateUserPassword(t.Context(), u.ID, "", password) },
			"reset":            func(password string) error { return s.Client().ResetPassword(t.Context(), link, password) },
		}
		s.Configure(t, `{"TeamSettings":{"EnableOpenServer":true}}`)
		refuse := func(password, id, reason string) {
			t.Helper()
			for name, attempt := range set {
				want := id
				if strings.Contains(name, "account") || name == "sign-up" {
					want = "api.user.check_user_password.invalid.app_error" // as recorded; the message has the reason
				}
				err := attempt(password)
				if e, ok := errors.AsType[*client.Error](err); !ok || e.StatusCode != http.StatusBadRequest || e.ID != want || !strings.Contains(e.Message, reason) {
					t.Errorf("%s to %q: %v", name, password, err)
				}
			}
			if _, err := s.Store.UserByUsername(t.Context(), "new"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q made an account: %v", password, err)
			}
		}
		for _, password := range []string{"password", "12345678", "Password", "qwertyuiop"} {
			refuse(password, "model.user.is_valid.pwd_common.app_error", "Many people use this password")
		}
		s.Configure(t, `{"PasswordSettings":{"MinimumStrength":4}}`)
		refuse("Passw0rd!wire", "model.user.is_valid.pwd_guessable.app_error", "too easy to guess")
		s.SignIn(t, u.Username) // by the password that it had all the time
		s.Configure(t, `{"PasswordSettings":{"MinimumStrength":1}}`)
		if err := set["change"]("Wrzbkowski"); !client.HasID(err, "model.user.is_valid.pwd_guessable.app_error") {
			t.Errorf("the own name as a password: %v", err)
		}
		require.NoError(t, set["reset"]("correct horse battery staple")) // no composition is asked for, and the refusals left the link alone
	})
}

// Which schemes imported hashes have is noted with the first of them, so that every refused sign-in can take their time, and is forgotten with the
// last. What would make refusals cost seconds is not taken. That refusals do equal work is TestEveryRefusalTakesTheSameWork of the hasher.
func TestSchemesOfImportedHashesAreKnownWhileInUse(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, _ := s.Admin(t)
		_, u := s.User(t, "ann")
		inUse := func(want ...string) {
			t.Helper()
			got, err := s.Store.PasswordSchemes(t.Context())
			require.NoError(t, err)
			if !slices.Equal(got, want) {
				t.Fatalf("schemes in use %q, want %q", got, want)
			}
		}
		imported, err := bcrypt.GenerateFromPassword([]byte(testserver.Password), 5)
		require.NoError(t, err)
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
		require.NoError(t, admin.UpdateUserPasswordHash(t.Context(), u.ID, string(imported)))
		const example = "$2a$05$....................................................."
		inUse(example)
		stranger := clientFrom("127.0.7.9")
		for _, name := range []string{"ann", "nobody"} {
			if a := login(t, s, stranger, name, "a guess"); a.status != http.StatusUnauthorized {
				t.Fatalf("%s: %d %s", name, a.status, a.body)
			}
		}
		if a := login(t, s, stranger, "ann", testserver.Password); a.status != http.StatusOK {
			t.Fatalf("sign-in by an imported hash: %d %s", a.status, a.body)
		}
		nextDay := s.Node(t, func() time.Time { return time.Now().Add(25 * time.Hour) })
		require.NoError(t, nextDay.Services.Auth.CountPasswordSchemes(t.Context()))
		inUse()
	})
}
