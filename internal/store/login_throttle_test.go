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

func rows(t *testing.T, s *store.Store) int {
	t.Helper()
	n, err := store.ThrottleRows(s)
	must(t, err)
	return n
}

func TestAttemptsAreTakenFromAllCountersOrNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		network, pair, account := counter(store.CountNetwork, 9), counter(store.CountPair, 2), counter(store.CountAccount, 1)
		account.Soft = true
		var last []store.Reserved
		for i := range 2 {
			got, err := s.ReserveAttempt(ctx, someTime, network, pair, account)
			must(t, err)
			if got[0].Attempts != i+1 || got[1].Attempts != i+1 || got[1].Began != (i == 1) || got[2].Taken != (i == 0) {
				t.Fatalf("attempt %d: %+v", i, got)
			}
			last = got
		}
		_, err := s.ReserveAttempt(ctx, someTime+1, network, pair, account)
		refused, ok := errors.AsType[*store.ExhaustedError](err)
		if !ok || refused.Counter.Kind != store.CountPair || refused.Wait != time.Minute-time.Millisecond {
			t.Fatalf("%+v (%v)", refused, err)
		}
		must(t, s.ReleaseAttempt(ctx, last))
		got, err := s.ReserveAttempt(ctx, someTime+2, network, pair, account)
		if err != nil || got[0].Attempts != 2 || got[1].Attempts != 2 {
			t.Fatalf("%+v (%v)", got, err)
		}
		must(t, s.AttemptSucceeded(ctx, got))
		if n := rows(t, s); n != 1 { // the account's: this attempt was not held to it
			t.Fatalf("%d rows are left", n)
		}
		must(t, s.AttemptSucceeded(ctx, got)) // as of another one under way, which the success took back
		if n := rows(t, s); n != 1 {
			t.Fatalf("%d rows are left", n)
		}
	})
}

func TestASuccessLeavesOthersFailuresOfTheNetwork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		network, mine, other := counter(store.CountNetwork, 9), counter(store.CountPair, 5), counter(store.CountPair, 5)
		other.Key = bytes.Repeat([]byte{99}, 32)
		for _, pair := range []store.Counter{other, other, mine, mine} {
			_, err := s.ReserveAttempt(ctx, someTime, network, pair)
			must(t, err)
		}
		got, err := s.ReserveAttempt(ctx, someTime, network, mine)
		must(t, err)
		if got[0].Attempts != 5 || got[0].Names != 2 {
			t.Fatalf("%+v", got)
		}
		must(t, s.AttemptSucceeded(ctx, got))
		if got, err = s.ReserveAttempt(ctx, someTime, network, other); err != nil || got[0].Attempts != 3 || got[0].Names != 1 || got[1].Attempts != 3 {
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
			_, err := s.ReserveAttempt(ctx, someTime+int64(i), c)
			must(t, err)
		}
		ended := someTime + time.Hour.Milliseconds() + 1 // of two
		for _, c := range []struct{ keep, limit, removed, left int }{{9, 1, 1, 5}, {9, 9, 1, 4}, {2, 9, 2, 2}, {2, 9, 0, 2}} {
			n, err := s.SweepAttempts(ctx, ended, c.keep, c.limit)
			if err != nil || n != int64(c.removed) || rows(t, s) != c.left {
				t.Fatalf("removed %d, left %d, want %+v (%v)", n, rows(t, s), c, err)
			}
		}
		got, err := s.ReserveAttempt(ctx, ended, func() store.Counter {
			c := counter(store.CountPair, 5)
			c.Key = bytes.Repeat([]byte{5}, 32) // the last to end
			return c
		}())
		if err != nil || got[0].Attempts != 2 {
			t.Fatalf("%+v (%v)", got, err)
		}
	})
}

func TestFailuresAreRememberedWithinBounds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		notice := counter(store.CountNotice, 1)
		for range 5 {
			_, err := s.RecordFailedAttempt(ctx, someTime, store.FailedAttempt{
				UserID: u.ID, Audit: audit(u.ID, "wrong"), History: counter(store.CountHistory, 2), Notice: &notice,
			})
			must(t, err)
		}
		_, err := s.RecordFailedAttempt(ctx, someTime, store.FailedAttempt{UserID: u.ID, Audit: audit(u.ID, "locked"), Always: true, History: counter(store.CountHistory, 2)})
		must(t, err)
		list, err := s.Audits(ctx, u.ID, 0, 9)
		must(t, err)
		if len(list) != 3 {
			t.Fatalf("%d lines", len(list))
		}
		_, err = s.ReserveAttempt(ctx, someTime, counter(store.CountPair, 1))
		must(t, err)
		must(t, s.Unlock(ctx, u.ID, store.Unlocking{Subjects: [][]byte{counter(store.CountPair, 1).Subject}}, audit(u.ID, "unlocked")))
		_, err = s.ReserveAttempt(ctx, someTime, counter(store.CountPair, 1))
		must(t, err)
		if u, err := s.User(ctx, u.ID); err != nil || u.FailedAttempts != 0 {
			t.Fatal(u, err)
		}
		if err := s.Unlock(ctx, muster.NewID(), store.Unlocking{}); !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	})
}
