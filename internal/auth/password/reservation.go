package password

import (
	"context"
	"crypto/sha256"
	"time"

	"muster"
)

// Reservation is a place in the queue for one request's hashing. What must be decided before a password is looked at, such as whether the caller may
// try one at all, is decided between Reserve and the first of its methods; a worker is taken only while one of them hashes. It is for one goroutine.
type Reservation struct {
	h    *Hasher
	ctx  context.Context //nolint:containedctx // the request's, which the reservation lives no longer than
	line *line
	turn chan error // nil: a worker is this reservation's; else it has lost its place

	target [sha256.Size]byte // that the place counts for, the zero value for none

	working, left bool // guarded by the queue
}

// Reserve takes a place in the queue, the zero Origin for work of the server's own. Always Release it. Kind Unavailable, with the time after which it is
// worth asking again, when the origin has no place left or the queue has none. Waiting ends with ctx.
func (h *Hasher) Reserve(ctx context.Context, o Origin) (*Reservation, error) {
	t, err := h.queue.admit(ctx, o, h.limited == nil || h.limited())
	if err != nil {
		return nil, err
	}
	t.h = h
	return t, nil
}

// Release gives the place back. Only the first call does anything.
func (t *Reservation) Release() { t.h.queue.leave(t) }

// Hash returns the PHC string of a new argon2id hash. Kind Unavailable when the place was lost to a network that had fewer.
func (t *Reservation) Hash(plain string) (encoded string, err error) {
	err = t.work(func() error {
		encoded = t.h.hash(plain)
		return nil
	})
	return encoded, err
}

// Rehash is Hash for a password that was right by a stale hash: "" when the place was lost, since that can wait for the next sign-in.
func (t *Reservation) Rehash(plain string) (encoded string, err error) {
	if encoded, err = t.Hash(plain); muster.IsKind(err, muster.Unavailable) {
		return "", nil
	}
	return encoded, err
}

// Verify reports whether plain is the password behind a stored hash, and whether the hash is of a scheme or cost that a new one should replace.
// A refusal takes the same work whatever it was held against (Hasher.SetSchemesInUse), so that its time doesn't tell one account from another.
// A hash that can't be read is an error. Kind Unavailable as for Hash.
func (t *Reservation) Verify(encoded, plain string) (ok, stale bool, err error) {
	s, err := parse(encoded)
	if err != nil {
		return false, false, err
	}
	err = t.work(func() error {
		if ok, err = s.verify(plain); ok || err != nil {
			return err
		}
		return t.h.topUp(plain, s.cost())
	})
	return ok, s.stale(t.h.memory), err
}

// VerifyDummy takes as long as a Verify that refuses. It stands in for Verify where the answer is no in any case: for an account that does not exist, or is
// locked, since a right password must not show by its time either.
func (t *Reservation) VerifyDummy(plain string) error {
	_, _, err := t.Verify(t.h.dummy, plain)
	return err
}

// work runs fn on a worker.
func (t *Reservation) work(fn func() error) error {
	if err := t.h.queue.await(t); err != nil {
		return err
	}
	began := time.Now()
	defer func() { t.h.queue.done(t, time.Since(began)) }()
	return fn()
}
