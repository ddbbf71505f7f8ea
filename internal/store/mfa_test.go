package store_test

import (
	"context"
	"errors"
	"testing"

	"muster/internal/store"
	"muster/internal/store/storetest"
)

func TestOnlyThePendingSecretIsTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.SetPendingMfa(ctx, u.ID, "second") }))
		take := func(secret string) error {
			return s.Write(ctx, func(tx *store.Tx) error { return tx.TakePendingMfa(ctx, u.ID, secret) })
		}
		if err := take("first"); !errors.Is(err, store.ErrNotFound) {
			t.Error("one that is not pending:", err)
		}
		if state, err := s.MfaState(ctx, u.ID); err != nil || state.Pending != "second" {
			t.Error(state, err)
		}
		must(t, take("second"))
		if err := take("second"); !errors.Is(err, store.ErrNotFound) {
			t.Error("it was taken twice:", err)
		}
	})
}
