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
			got, err := s.ReserveAttempt(ctx, someTime, nil, network, pair, account)
			must(t, err)
			if got[0].Attempts != i+1 || got[1].Attempts != i+1 || got[1].Began != (i == 1) || got[2].Taken != (i == 0) {
				t.Fatalf("attempt %d: %+v", i, got)
			}
			last = got
		}
		_, err := s.ReserveAttempt(ctx, someTime+1, nil, network, pair, account)
		refused, ok := errors.AsType[*store.ExhaustedError](err)
		if !ok || refused.Counter.Kind != store.CountPair || refused.Wait != time.Minute-time.Millisecond {
			t.Fatalf("%+v (%v)", refused, err)
		}
		must(t, s.ReleaseAttempt(ctx, last))
		got, err := s.ReserveAttempt(ctx, someTime+2, nil, network, pair, account)
		if err != nil || got[0].Attempts != 2 || got[1].Attempts != 2 {
			t.Fatalf("%+v (%v)", got, err)
		}
		must(t, s.AttemptSucceeded(ctx, got))
		if n := rows(t, s); n != 2 { // the network's and the account's: the first attempt is undecided
			t.Fatalf("%d rows are left", n)
		}
	})
}

func fails(t *testing.T, s *store.Store, now int64, reserved []store.Reserved) {
	t.Helper()
	err := s.RecordFailedAttempt(context.Background(), now, store.FailedAttempt{Reserved: reserved, History: counter(store.CountHistory, 5)})
	must(t, err)
}

func TestASuccessAfterAnUnlockingTakesItselfBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		network, pair, account := counter(store.CountNetwork, 9), counter(store.CountPair, 5), counter(store.CountAccount, 5)
		got, err := s.ReserveAttempt(ctx, someTime, nil, network, pair, account)
		must(t, err)
		must(t, s.Unlock(ctx, u.ID, store.Unlocking{Subjects: [][]byte{pair.Subject}}))
		must(t, s.AttemptSucceeded(ctx, got))
		if n := rows(t, s); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
	})
}

func TestASuccessTakesBackNothingOfAnEarlierWindow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		network, mine, other := counter(store.CountNetwork, 9), counter(store.CountPair, 9), counter(store.CountPair, 9)
		other.Key = bytes.Repeat([]byte{99}, 32)
		mine.Limit.Memory = 24 * time.Hour
		attempt := func(now int64, pair store.Counter) []store.Reserved {
			got, err := s.ReserveAttempt(ctx, now, nil, network, pair)
			must(t, err)
			return got
		}
		for range 4 {
			fails(t, s, someTime, attempt(someTime, mine))
		}
		later := someTime + time.Hour.Milliseconds()
		for range 3 {
			fails(t, s, later, attempt(later, other))
		}
		fails(t, s, later, attempt(later, mine))
		must(t, s.AttemptSucceeded(ctx, attempt(later, mine)))
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
				err := s.RecordFailedAttempt(context.Background(), someTime, store.FailedAttempt{History: history})
				must(t, err)
			}
		}
		if n := rows(t, s); n != 80 { // of histories and stand-ins
			t.Fatalf("%d rows", n)
		}
	})
}

func TestASuccessLeavesOthersFailuresOfTheNetwork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		network, mine, other := counter(store.CountNetwork, 9), counter(store.CountPair, 5), counter(store.CountPair, 5)
		other.Key = bytes.Repeat([]byte{99}, 32)
		for _, pair := range []store.Counter{other, other, mine, mine} {
			got, err := s.ReserveAttempt(ctx, someTime, nil, network, pair)
			must(t, err)
			fails(t, s, someTime, got)
		}
		got, err := s.ReserveAttempt(ctx, someTime, nil, network, mine)
		must(t, err)
		if got[0].Attempts != 5 || got[0].Names != 2 {
			t.Fatalf("%+v", got)
		}
		must(t, s.AttemptSucceeded(ctx, got))
		if got, err = s.ReserveAttempt(ctx, someTime, nil, network, other); err != nil || got[0].Attempts != 3 || got[0].Names != 1 || got[1].Attempts != 3 {
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
			_, err := s.ReserveAttempt(ctx, someTime+int64(i), nil, c)
			must(t, err)
		}
		ended := someTime + time.Hour.Milliseconds() + 1 // of two
		for _, c := range []struct{ keep, limit, removed, left int }{{9, 1, 1, 5}, {9, 9, 1, 4}, {2, 9, 2, 2}, {2, 9, 0, 2}} {
			n, err := s.SweepAttempts(ctx, ended, c.keep, c.limit)
			if err != nil || n != int64(c.removed) || rows(t, s) != c.left {
				t.Fatalf("removed %d, left %d, want %+v (%v)", n, rows(t, s), c, err)
			}
		}
		got, err := s.ReserveAttempt(ctx, ended, nil, func() store.Counter {
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
			err := s.RecordFailedAttempt(ctx, someTime, store.FailedAttempt{
				UserID: u.ID, Audit: audit(u.ID, "wrong"), History: counter(store.CountHistory, 2), Notice: &notice,
			})
			must(t, err)
		}
		err := s.RecordFailedAttempt(ctx, someTime, store.FailedAttempt{UserID: u.ID, Audit: audit(u.ID, "locked"), Always: true, History: counter(store.CountHistory, 2)})
		must(t, err)
		list, err := s.Audits(ctx, u.ID, 0, 9)
		must(t, err)
		if len(list) != 3 {
			t.Fatalf("%d lines", len(list))
		}
		_, err = s.ReserveAttempt(ctx, someTime, nil, counter(store.CountPair, 1))
		must(t, err)
		must(t, s.Unlock(ctx, u.ID, store.Unlocking{Subjects: [][]byte{counter(store.CountPair, 1).Subject}}, audit(u.ID, "unlocked")))
		_, err = s.ReserveAttempt(ctx, someTime, nil, counter(store.CountPair, 1))
		must(t, err)
		if u, err := s.User(ctx, u.ID); err != nil || u.FailedAttempts != 0 {
			t.Fatal(u, err)
		}
		if err := s.Unlock(ctx, muster.NewID(), store.Unlocking{}); !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	})
}
