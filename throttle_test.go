package muster_test

import (
	"testing"
	"time"

	"muster"
)

var threeTries = muster.AttemptLimit{Free: 3, More: 1, Delay: time.Minute, Longest: 5 * time.Minute, Memory: time.Hour}

const minute = int64(60_000)

func TestDelaysGrowAndEachEndAllowsMore(t *testing.T) {
	var th muster.Throttle
	now := int64(1_000)
	took := func(want bool) {
		t.Helper()
		after, _, ok := th.Take(threeTries, now, false)
		if ok != want {
			t.Fatalf("at %d the attempt is taken: %v, with %+v", now, ok, th)
		}
		th = after
	}
	took(true)
	took(true)
	took(true)
	for _, delay := range []int64{1, 2, 4, 5, 5} {
		if th.BlockedUntil != now+delay*minute {
			t.Fatalf("blocked for %d ms, want %d minutes", th.BlockedUntil-now, delay)
		}
		took(false)
		now = th.BlockedUntil - 1
		took(false)
		now++
		took(true)
		took(false)
	}
	now = th.ExpiresAt
	for range 3 {
		took(true)
	}
	took(false)
}

func TestWhatIsGivenBackEndsItsDelay(t *testing.T) {
	var th muster.Throttle
	for range 3 {
		th, _, _ = th.Take(threeTries, 1, false)
	}
	th = th.GiveBack(threeTries, 1, 0)
	if th.Attempts != 2 || th.Delays != 0 || th.BlockedUntil != 0 {
		t.Fatalf("%+v", th)
	}
	th, began, ok := th.Take(threeTries, 2, false)
	if !began || !ok || th.BlockedUntil != 2+minute {
		t.Fatalf("%+v", th)
	}
	if th = th.GiveBack(threeTries, 9, 9); !th.Fresh(2) {
		t.Fatalf("%+v", th)
	}
}

func TestManyNamesReachALimitOfTheirOwn(t *testing.T) {
	l := muster.AttemptLimit{Free: 100, Names: 3, More: 2, Delay: time.Minute, Longest: time.Hour, Memory: time.Hour, Window: true}
	var th muster.Throttle
	take := func(now int64, newName, want bool) {
		t.Helper()
		after, _, ok := th.Take(l, now, newName)
		if ok != want {
			t.Fatalf("taken: %v, with %+v", ok, th)
		}
		th = after
	}
	for range 10 {
		take(0, false, true)
	}
	if th.ExpiresAt != time.Hour.Milliseconds() {
		t.Fatalf("the window ends at %d", th.ExpiresAt)
	}
	take(1, true, true)
	take(1, true, true)
	if th.ExpiresAt != time.Hour.Milliseconds() {
		t.Fatalf("the window moved to %d", th.ExpiresAt)
	}
	take(1, true, true)
	take(1, false, false)
	take(1+minute, true, true)
	take(1+minute, true, true)
	take(1+minute, false, false)
}
