package store_test

import (
	"context"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func TestAnAccountKnowsItsLastNetworksForATime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		network := func(n int) *store.KnownNetwork {
			return &store.KnownNetwork{Hash: []byte{31: byte(n)}, ExpiresAt: someTime + int64(n)}
		}
		save := func(n *store.KnownNetwork) {
			t.Helper()
			must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.SaveKnownNetwork(ctx, u.ID, n) }))
		}
		sweep := func() {
			t.Helper()
			must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.DeleteExpiredNetworks(ctx, someTime+50, 15) }))
		}
		known := func(userID string, n int, now int64) bool {
			t.Helper()
			ok, err := s.KnowsNetwork(ctx, userID, network(n).Hash, now)
			must(t, err)
			return ok
		}
		for n := 1; n <= 25; n++ {
			save(network(n))
		}
		if known(u.ID, 5, someTime) || !known(u.ID, 6, someTime) || !known(u.ID, 25, someTime) || known(muster.NewID(), 25, someTime) || known("", 25, someTime) {
			t.Fatal("not the last twenty, or not the account's alone")
		}
		if !known(u.ID, 10, someTime+9) || known(u.ID, 10, someTime+10) {
			t.Fatal("not as long as it should")
		}
		later := network(10)
		later.ExpiresAt = someTime + 100
		save(later)
		sweep()
		if n, err := store.KnownNetworkRows(s); err != nil || n != 5 {
			t.Fatal(n, err)
		}
		sweep()
		if n, err := store.KnownNetworkRows(s); err != nil || n != 1 || !known(u.ID, 10, someTime+50) {
			t.Fatal(n, err)
		}
	})
}
