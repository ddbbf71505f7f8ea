package store_test

import (
	"errors"
	"slices"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func TestPasswordSchemesAreKeptWithTheHash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		u := create(t, s, newUser("ann"))
		inUse := func(want ...string) {
			t.Helper()
			if got, err := s.PasswordSchemes(t.Context()); err != nil || !slices.Equal(got, want) {
				t.Fatalf("in use: %q, %v; want %q", got, err, want)
			}
		}
		give := func(encoded, example string, refused error) error {
			return storetest.ChangeUser(t.Context(), s, u.ID, func(tx *store.Tx, u *muster.User) error {
				u.Password = encoded
				return tx.SavePasswordScheme(t.Context(), &store.PasswordScheme{Example: example, Allow: func([]string) error { return refused }})
			})
		}
		if err := give("$a$1$x", "$a$1$", nil); err != nil {
			t.Fatal(err)
		}
		inUse("$a$1$")
		dear := errors.New("too dear")
		if err := give("$b$1$x", "$b$1$", dear); !errors.Is(err, dear) {
			t.Fatal(err)
		}
		inUse("$a$1$")
		var foreign []string
		visit := func(encoded string) { foreign = append(foreign, encoded) }
		if err := errors.Join(s.ForeignPasswords(t.Context(), "$a$1$", visit), s.ForeignPasswords(t.Context(), "$own$", visit)); err != nil || !slices.Equal(foreign, []string{"$a$1$x"}) {
			t.Fatalf("%q, %v", foreign, err)
		}
		// A look that began before the hash was stored may have missed it.
		if err := s.SetPasswordSchemes(t.Context(), []string{"$c$1$"}, 1); err != nil {
			t.Fatal(err)
		}
		inUse("$a$1$", "$c$1$")
		if err := s.SetPasswordSchemes(t.Context(), []string{"$c$1$"}, 1<<60); err != nil {
			t.Fatal(err)
		}
		inUse("$c$1$")
	})
}
