package store_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

// counter is a counter that takes so many attempts; those of one kind are one.
func counter(kind store.CounterKind, free int) store.Counter {
	return store.Counter{
		Kind: kind, Key: bytes.Repeat([]byte{byte(kind)}, 32), Subject: bytes.Repeat([]byte{0xff, byte(kind)}, 16),
		Limit: muster.AttemptLimit{Free: free, More: 1, Delay: time.Minute, Longest: time.Hour, Memory: time.Hour},
	}
}

// reserve counts an attempt in a transaction of its own.
func reserve(s *store.Store, now int64, counters ...store.Counter) (reserved []store.Reserved, err error) {
	ctx := context.Background()
	err = s.Write(ctx, func(tx *store.Tx) error {
		reserved, err = tx.ReserveAttempt(ctx, now, counters...)
		return err
	})
	return reserved, err
}

func succeed(s *store.Store, reserved []store.Reserved) error {
	ctx := context.Background()
	return s.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseAttempts(ctx, reserved) })
}

func cancelAttempt(s *store.Store, reserved []store.Reserved) error {
	ctx := context.Background()
	return s.Write(ctx, func(tx *store.Tx) error { return tx.CancelAttempts(ctx, reserved) })
}

func fail(s *store.Store, reserved []store.Reserved) error {
	ctx := context.Background()
	return s.Write(ctx, func(tx *store.Tx) error { return tx.FailAttempt(ctx, reserved) })
}

func rows(t *testing.T, s *store.Store) int {
	t.Helper()
	n, err := store.ThrottleRows(s)
	must(t, err)
	return n
}

func TestAttemptsAreTakenFromAllCountersOrNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		network, pair, account := counter(store.CountNetwork, 9), counter(store.CountPair, 2), counter(store.CountAccount, 1)
		account.Soft = true
		var last []store.Reserved
		for i := range 2 {
			got, err := reserve(s, someTime, network, pair, account)
			must(t, err)
			if got[0].Attempts != i+1 || got[1].Attempts != i+1 || got[1].Began != (i == 1) || got[2].Taken != (i == 0) {
				t.Fatalf("attempt %d: %+v", i, got)
			}
			last = got
		}
		_, err := reserve(s, someTime+1, network, pair, account)
		refused, ok := errors.AsType[*store.ExhaustedError](err)
		if !ok || refused.Counter.Kind != store.CountPair || refused.Wait != time.Minute-time.Millisecond {
			t.Fatalf("%+v (%v)", refused, err)
		}
		must(t, cancelAttempt(s, last))
		got, err := reserve(s, someTime+2, network, pair, account)
		if err != nil || got[0].Attempts != 2 || got[1].Attempts != 2 {
			t.Fatalf("%+v (%v)", got, err)
		}
		must(t, succeed(s, got))
		if n := rows(t, s); n != 2 { // the network's and the account's: the first attempt is undecided
			t.Fatalf("%d rows are left", n)
		}
	})
}

func TestASuccessAfterAnUnlockingTakesItselfBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		network, pair, account := counter(store.CountNetwork, 9), counter(store.CountPair, 5), counter(store.CountAccount, 5)
		got, err := reserve(s, someTime, network, pair, account)
		must(t, err)
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.ForgetAttempts(ctx, [][]byte{pair.Subject}) }))
		must(t, succeed(s, got))
		if n := rows(t, s); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
	})
}

func TestASuccessTakesBackNothingOfAnEarlierWindow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		network, mine, other := counter(store.CountNetwork, 9), counter(store.CountPair, 9), counter(store.CountPair, 9)
		other.Key = bytes.Repeat([]byte{99}, 32)
		mine.Limit.Memory = 24 * time.Hour
		attempt := func(now int64, pair store.Counter) []store.Reserved {
			got, err := reserve(s, now, network, pair)
			must(t, err)
			return got
		}
		for range 4 {
			must(t, fail(s, attempt(someTime, mine)))
		}
		later := someTime + time.Hour.Milliseconds()
		for range 3 {
			must(t, fail(s, attempt(later, other)))
		}
		must(t, fail(s, attempt(later, mine)))
		must(t, succeed(s, attempt(later, mine)))
		if got := attempt(later, other); got[0].Attempts != 4 || got[0].Names != 1 {
			t.Fatalf("%+v", got)
		}
	})
}

func TestAttemptsOnNobodyWaitForNoSharedRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i := range 40 {
			history := counter(store.CountHistory, 5)
			history.Key = bytes.Repeat([]byte{byte(i)}, 32)
			for range 2 {
				must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveStandIn(t.Context(), history) }))
			}
		}
		if n := rows(t, s); n != 40 {
			t.Fatalf("%d rows", n)
		}
	})
}

func TestASuccessLeavesOthersFailuresOfTheNetwork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		network, mine, other := counter(store.CountNetwork, 9), counter(store.CountPair, 5), counter(store.CountPair, 5)
		other.Key = bytes.Repeat([]byte{99}, 32)
		for _, pair := range []store.Counter{other, other, mine, mine} {
			got, err := reserve(s, someTime, network, pair)
			must(t, err)
			must(t, fail(s, got))
		}
		got, err := reserve(s, someTime, network, mine)
		must(t, err)
		if got[0].Attempts != 5 || got[0].Names != 2 {
			t.Fatalf("%+v", got)
		}
		must(t, succeed(s, got))
		if got, err = reserve(s, someTime, network, other); err != nil || got[0].Attempts != 3 || got[0].Names != 1 || got[1].Attempts != 3 {
			t.Fatalf("%+v (%v)", got, err)
		}
	})
}

func TestAttemptsThatCountNoMoreAreSweptAndTheTableIsBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		for i := range 6 {
			c := counter(store.CountPair, 5)
			c.Key = bytes.Repeat([]byte{byte(i)}, 32)
			_, err := reserve(s, someTime+int64(i), c)
			must(t, err)
		}
		ended := someTime + time.Hour.Milliseconds() + 1 // of two
		var expired, oldest int64
		must(t, s.Write(ctx, func(tx *store.Tx) (err error) {
			expired, err = tx.DeleteExpiredCounters(ctx, ended, 1)
			return err
		}))
		must(t, s.Write(ctx, func(tx *store.Tx) (err error) {
			if n, err := tx.DeleteExpiredCounters(ctx, ended, 9); n != 1 || err != nil {
				t.Errorf("%d expired (%v)", n, err)
			}
			oldest, err = tx.DeleteCounters(ctx, 2)
			return err
		}))
		if left, err := s.CountCounters(ctx); expired != 1 || oldest != 2 || left != 2 || err != nil {
			t.Fatalf("removed %d and %d, %d are left (%v)", expired, oldest, left, err)
		}
		got, err := reserve(s, ended, func() store.Counter {
			c := counter(store.CountPair, 5)
			c.Key = bytes.Repeat([]byte{5}, 32) // the last to end
			return c
		}())
		if err != nil || got[0].Attempts != 2 {
			t.Fatalf("%+v (%v)", got, err)
		}
	})
}

func TestAnAccountShowsItsFailedAttempts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		shows := func(want int) {
			t.Helper()
			if now, err := s.User(ctx, u.ID); err != nil || now.FailedAttempts != want || now.UpdateAt != u.UpdateAt {
				t.Fatalf("%+v (%v), want %d attempts", now, err, want)
			}
		}
		for _, id := range []string{u.ID, u.ID, ""} {
			must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.CountFailedAttempt(ctx, id) }))
		}
		shows(2)
		clear := func(id string) error {
			return s.Write(ctx, func(tx *store.Tx) error { return tx.ClearFailedAttempts(ctx, id) })
		}
		must(t, clear(u.ID))
		shows(0)
		if err := clear(muster.NewID()); !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	})
}
