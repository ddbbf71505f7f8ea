package password

import (
	"context"
	"crypto/sha256"
	"time"

	"muster"
)

// Reservation is a request's place in the queue. Reserve it before anything else is decided about a sign-in, such as whether the caller may try a
// password at all; a worker is taken only while one of its methods hashes. It is for one goroutine.
type Reservation struct {
	h    *Hasher
	ctx  context.Context //nolint:containedctx // the request's, which outlives the reservation
	flow *flow
	turn chan error // receives nil when a worker is assigned, or an error when the place is lost

	target [sha256.Size]byte // the target that the place counts for, the zero value for none

	working, released bool // guarded by the queue
}

// Reserve takes a place in the queue; the zero Origin is for work of the server's own. Always Release it. If the origin or the queue has no place left,
// the error has kind Unavailable and says when to try again. Waiting ends with ctx.
func (h *Hasher) Reserve(ctx context.Context, o Origin) (*Reservation, error) {
	r, err := h.queue.reserve(ctx, o, h.limitNetworks == nil || h.limitNetworks())
	if err != nil {
		return nil, err
	}
	r.h = h
	return r, nil
}

// Release frees the place. Calls after the first do nothing.
func (r *Reservation) Release() { r.h.queue.release(r) }

// Hash returns the PHC string of a new argon2id hash. The error has kind Unavailable if the place was lost to a network that held fewer.
func (r *Reservation) Hash(plain string) (encoded string, err error) {
	err = r.work(func() error {
		encoded = r.h.hash(plain)
		return nil
	})
	return encoded, err
}

// Rehash is Hash for a password that matched a stale hash. It returns "" if the place was lost, since the rehash can wait for the next sign-in.
func (r *Reservation) Rehash(plain string) (encoded string, err error) {
	if encoded, err = r.Hash(plain); muster.IsKind(err, muster.Unavailable) {
		return "", nil
	}
	return encoded, err
}

// Verify reports whether a password matches a stored hash, and whether the hash is stale: of a scheme or cost that a new hash should replace. A refusal
// takes the same work whatever hash it was compared with (Hasher.SetSchemesInUse), so that its time does not distinguish accounts. An unreadable hash is
// an error, and a lost place one of kind Unavailable.
func (r *Reservation) Verify(encoded, plain string) (ok, stale bool, err error) {
	s, err := parse(encoded)
	if err != nil {
		return false, false, err
	}
	err = r.work(func() error {
		if ok, err = s.verify(plain); ok || err != nil {
			return err
		}
		return r.h.spendRest(plain, s.cost())
	})
	return ok, s.stale(r.h.memory), err
}

// VerifyDummy takes as long as a Verify that refuses. Call it where the answer is no in any case: for an account that does not exist, or is locked, since
// timing must not reveal a right password there either.
func (r *Reservation) VerifyDummy(plain string) error {
	_, _, err := r.Verify(r.h.dummy, plain)
	return err
}

// work runs fn on a worker.
func (r *Reservation) work(fn func() error) error {
	if err := r.h.queue.acquire(r); err != nil {
		return err
	}
	began := time.Now()
	defer func() { r.h.queue.finish(r, time.Since(began)) }()
	return fn()
}
