package muster

import "time"

// AttemptLimit defines how many attempts are allowed before the next one is delayed, and for how long.
type AttemptLimit struct {
	Free    int           // attempts before the first delay
	Names   int           // distinct names before the first delay; 0 for any number
	More    int           // attempts, or names, allowed after each delay
	Delay   time.Duration // length of the first delay; each one doubles the previous
	Longest time.Duration // maximum length of a delay
	Memory  time.Duration // time after which attempts are forgotten, from the last one or, with Window, from the first
	Window  bool
}

// Throttle counts attempts against an AttemptLimit. The zero value has counted none. Times are in Unix milliseconds.
//
// An attempt is counted before it is checked, so that concurrent attempts can't exceed the limit. One that succeeds is given back.
type Throttle struct {
	Attempts     int
	Names        int
	Delays       int   // started so far
	BeganAt      int64 // time of the first remembered attempt
	BlockedUntil int64
	ExpiresAt    int64
}

// Fresh reports whether no attempts are remembered at now.
func (t Throttle) Fresh(now int64) bool { return t.Attempts == 0 || t.ExpiresAt <= now }

// Take counts an attempt and returns the throttle afterwards. newName is set if the attempt is for a name that wasn't counted yet. began
// reports whether the attempt starts a delay. During a delay, Take counts nothing and ok is false.
func (t Throttle) Take(l AttemptLimit, now int64, newName bool) (after Throttle, began, ok bool) {
	fresh := t.Fresh(now)
	if fresh {
		t = Throttle{BeganAt: now}
	}
	if t.BlockedUntil > now {
		return t, false, false
	}
	t.Attempts++
	if newName {
		t.Names++
	}
	if fresh || !l.Window {
		t.ExpiresAt = now + l.Memory.Milliseconds()
	}
	if t.reached(l, t.Delays) {
		t.BlockedUntil = now + l.delay(t.Delays).Milliseconds()
		t.ExpiresAt = max(t.ExpiresAt, t.BlockedUntil+l.Memory.Milliseconds())
		t.Delays++
		began = true
	}
	return t, began, true
}

// GiveBack subtracts attempts and names from the counts and ends delays that the remaining counts don't require.
func (t Throttle) GiveBack(l AttemptLimit, attempts, names int) Throttle {
	t.Attempts, t.Names = max(t.Attempts-attempts, 0), max(t.Names-names, 0)
	for t.Delays > 0 && !t.reached(l, t.Delays-1) {
		t.Delays--
		t.BlockedUntil = 0
	}
	return t
}

// reached reports whether the counts require another delay after the given number of delays.
func (t Throttle) reached(l AttemptLimit, delays int) bool {
	return t.Attempts >= l.Free+delays*l.More || l.Names > 0 && t.Names >= l.Names+delays*l.More
}

// delay returns the length of the delay after the given number of earlier ones.
func (l AttemptLimit) delay(others int) time.Duration {
	d := l.Delay
	for range others {
		if d >= l.Longest {
			break
		}
		d *= 2
	}
	return min(d, l.Longest)
}
