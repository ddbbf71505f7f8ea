package muster

import "time"

// AttemptLimit says how many attempts may be made before the next one has to wait, and for how long.
type AttemptLimit struct {
	Free    int           // attempts before the first delay
	Names   int           // distinct names among them before the first delay, 0 for any number
	More    int           // attempts, or names, that the end of a delay allows before the next one
	Delay   time.Duration // the first one; each later one is twice as long
	Longest time.Duration // that a delay grows to
	Memory  time.Duration // after which the attempts are forgotten: after the last one or, for a Window, after the first
	Window  bool
}

// Throttle counts attempts against an AttemptLimit. The zero value has counted none. Times are Unix milliseconds.
//
// An attempt is taken before it is looked at, so that attempts made at once can't pass the limit together; one that succeeds is given back.
type Throttle struct {
	Attempts     int
	Names        int
	Delays       int   // that have begun
	BeganAt      int64 // the first attempt that is remembered
	BlockedUntil int64
	ExpiresAt    int64
}

// Fresh reports whether no attempt is remembered.
func (t Throttle) Fresh(now int64) bool { return t.Attempts == 0 || t.ExpiresAt <= now }

// Take counts one attempt, by a name not counted before where newName is set. It reports whether a delay begins with it,
// and not ok, with the throttle as it was, while one lasts.
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

// GiveBack takes attempts, and names among them, out of the count, and ends the delays that what is left does not call for.
func (t Throttle) GiveBack(l AttemptLimit, attempts, names int) Throttle {
	t.Attempts, t.Names = max(t.Attempts-attempts, 0), max(t.Names-names, 0)
	for t.Delays > 0 && !t.reached(l, t.Delays-1) {
		t.Delays--
		t.BlockedUntil = 0
	}
	return t
}

// reached reports whether the count calls for another delay after so many.
func (t Throttle) reached(l AttemptLimit, delays int) bool {
	return t.Attempts >= l.Free+delays*l.More || l.Names > 0 && t.Names >= l.Names+delays*l.More
}

// delay returns how long the delay lasts that follows so many others.
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
