package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func makeToken(t testing.TB, s *store.Store, u *muster.User, hash string, expiresAt int64) {
	t.Helper()
	token := &muster.AccessToken{ID: muster.NewID(), UserID: u.ID, Description: "x", IsActive: true, CreateAt: someTime, ExpiresAt: expiresAt}
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertAccessToken(t.Context(), token, []byte(hash)) }))
}

// useToken looks a token up as a request that carries it does, and once more in the transaction that begins its session.
func useToken(t testing.TB, s *store.Store, hash string) error {
	t.Helper()
	_, before := s.UsableAccessToken(t.Context(), []byte(hash))
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.UsableAccessTokenForUpdate(t.Context(), []byte(hash))
		return err
	})
	if errors.Is(before, store.ErrNotFound) != errors.Is(err, store.ErrNotFound) {
		t.Errorf("outside a transaction %v, within %v", before, err)
	}
	return err
}

func TestAnExpiredAccessTokenIsNotUsable(t *testing.T) {
	for name, options := range map[string]func(t *testing.T) store.Options{
		"sqlite":   func(t *testing.T) store.Options { return store.Options{DataDir: t.TempDir()} },
		"postgres": func(t *testing.T) store.Options { return store.Options{DSN: storetest.PostgresDSN(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			o, now := options(t), time.UnixMilli(someTime)
			o.Now = func() time.Time { return now }
			s, err := store.Open(context.Background(), o)
			must(t, err)
			defer func() { must(t, s.Close()) }()
			u := create(t, s, newUser("ann"))
			makeToken(t, s, u, "ends", someTime+1000)
			makeToken(t, s, u, "endless", 0)
			now = time.UnixMilli(someTime + 999)
			must(t, useToken(t, s, "ends"))
			now = time.UnixMilli(someTime + 1000)
			if err := useToken(t, s, "ends"); !errors.Is(err, store.ErrNotFound) {
				t.Fatal(err)
			}
			must(t, useToken(t, s, "endless"))
			if err := useToken(t, s, "unknown"); !errors.Is(err, store.ErrNotFound) {
				t.Fatal(err)
			}
		})
	}
}
