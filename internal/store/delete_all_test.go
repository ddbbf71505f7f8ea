package store_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func deleteAll(ctx context.Context, s *store.Store, audits ...*muster.Audit) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteAllUsers(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, audits...)
	})
}

func TestAllAccountsGoTogetherOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := newUpload(t, s, "ann")
		create(t, s, newUser("bob"))
		must(t, insertUpload(s, u))
		twice := audit("", "deleted")
		if err := deleteAll(ctx, s, twice, twice); err == nil { // the last thing that the transaction writes is refused
			t.Fatal("a line of history went in twice")
		}
		n, err := s.CountUsers(ctx, store.UserFilter{})
		if err != nil || n != 2 {
			t.Errorf("%d accounts are left of a refused deletion (%v)", n, err)
		}
		if _, err := s.Upload(ctx, u.ID); err != nil {
			t.Error(err)
		}
		if later := create(t, s, newUser("later")); later.HasRole(muster.RoleSystemAdmin) {
			t.Error("a second first account")
		}

		must(t, deleteAll(ctx, s, twice))
		if n, err = s.CountUsers(ctx, store.UserFilter{}); err != nil || n != 0 {
			t.Errorf("%d accounts are left (%v)", n, err)
		}
		if first := create(t, s, newUser("first")); !first.HasRole(muster.RoleSystemAdmin) {
			t.Errorf("%+v", first)
		}
	})
}

func TestDeletingAllAccountsForgetsTheirAttempts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		takeQuota := func() error {
			return s.Write(ctx, func(tx *store.Tx) error {
				return tx.TakeMailQuota(ctx, store.MailQuota{Scope: u.Email, Most: 1, Period: time.Hour}, 1)
			})
		}
		_, err := reserve(s, someTime, counter(store.CountPair, 5), counter(store.CountAccount, 5))
		must(t, err)
		must(t, s.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.AddPasswordScheme(ctx, "$2a$10$")
			return err
		}))
		must(t, takeQuota())
		must(t, deleteAll(ctx, s))
		schemes, err := s.PasswordSchemes(ctx)
		if n := rows(t, s); n != 0 || err != nil || len(schemes) != 0 {
			t.Errorf("%d counters and the schemes %v are left (%v)", n, schemes, err)
		}
		must(t, takeQuota())
	})
}

func TestDeletingAllAccountsAmidAttempts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		var attempts sync.WaitGroup
		for i := range 8 {
			attempts.Go(func() {
				for n := range 20 {
					history := counter(store.CountHistory, 9)
					history.Key = bytes.Repeat([]byte{byte(100 + i), byte(n)}, 16)
					got, err := reserve(s, someTime, counter(store.CountNetwork, 999), counter(store.CountPair, 999), counter(store.CountAccount, 999))
					if err != nil {
						t.Error(err)
					}
					err = s.Write(ctx, func(tx *store.Tx) error {
						if err := errors.Join(tx.CountFailedAttempt(ctx, u.ID), tx.FailAttempt(ctx, got)); err != nil {
							return err
						}
						_, err := tx.ReserveAttempt(ctx, someTime, history)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range 10 {
			if err := deleteAll(ctx, s); err != nil {
				t.Error(err)
			}
		}
		attempts.Wait()
	})
}
