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
				all, err := tx.AddPasswordScheme(t.Context(), example)
				if !slices.Contains(all, example) {
					t.Errorf("%s is none of those in use, %q", example, all)
				}
				return errors.Join(err, refused)
			})
		}
		if err := give("$a$1$x", "$a$1$", nil); err != nil {
			t.Fatal(err)
		}
		inUse("$a$1$")
		tooExpensive := errors.New("too expensive")
		if err := give("$b$1$x", "$b$1$", tooExpensive); !errors.Is(err, tooExpensive) {
			t.Fatal(err)
		}
		inUse("$a$1$")
		var foreign []string
		visit := func(encoded string) { foreign = append(foreign, encoded) }
		if err := errors.Join(s.ForeignPasswords(t.Context(), "$a$1$", visit), s.ForeignPasswords(t.Context(), "$own$", visit)); err != nil || !slices.Equal(foreign, []string{"$a$1$x"}) {
			t.Fatalf("%q, %v", foreign, err)
		}
		// A look that began before the hash was stored may have missed it.
		remove := func(since int64) {
			t.Helper()
			must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.DeletePasswordScheme(t.Context(), "$a$1$", since) }))
		}
		remove(1)
		inUse("$a$1$")
		remove(1 << 60)
		inUse()
	})
}
