// Package password turns passwords into hashes and back into a yes or no. New hashes are argon2id; what other
// servers stored (argon2i, bcrypt, PBKDF2, scrypt) is verified and marked for a new hash at the next sign-in.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"

	"golang.org/x/crypto/argon2"

	"muster"
)

// The cost of a new hash: OWASP's argon2id setting of 19 MiB, 2 passes, 1 lane (Password Storage Cheat Sheet).
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

const defaultQueue = 512

// Options bound the work. Zero values take the defaults.
type Options struct {
	Workers   int    // hashes at once; the number of processors by default
	Queue     int    // callers that may wait for a worker; 512 by default
	MemoryKiB uint32 // that a new hash takes; 19 MiB by default, less only where nothing real is protected
}

// Hasher hashes and verifies in a bounded pool, so that a storm of sign-ins takes neither all memory nor every processor's time slice.
type Hasher struct {
	workers chan struct{}
	waiting chan struct{}
	memory  uint32 // KiB
	dummy   string // a hash of nothing anybody knows, for accounts that don't exist
}

// New makes a Hasher.
func New(o Options) *Hasher {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	if o.MemoryKiB == 0 {
		o.MemoryKiB = memoryKiB
	}
	h := &Hasher{workers: make(chan struct{}, o.Workers), waiting: make(chan struct{}, o.Queue+o.Workers), memory: o.MemoryKiB}
	h.dummy = h.encode(random(saltBytes), random(keyBytes))
	return h
}

// Hash gives the PHC string of a new argon2id hash. Kind Unavailable when too many are waiting already.
func (h *Hasher) Hash(ctx context.Context, plain string) (encoded string, err error) {
	err = h.work(ctx, func() error {
		salt := random(saltBytes)
		encoded = h.encode(salt, argon2.IDKey([]byte(plain), salt, passes, h.memory, lanes, keyBytes))
		return nil
	})
	return encoded, err
}

// Verify tells whether plain is the password behind a stored hash, and whether the hash is of a scheme or cost
// that a new one should replace. A hash that can't be read is an error, as is a queue that is full (kind Unavailable).
func (h *Hasher) Verify(ctx context.Context, encoded, plain string) (ok, stale bool, err error) {
	s, err := parse(encoded)
	if err != nil {
		return false, false, err
	}
	err = h.work(ctx, func() error {
		ok, err = s.verify(plain)
		return err
	})
	return ok, s.stale(h.memory), err
}

// Dummy takes as long as Verify, for an account that does not exist: the answer's time must not tell.
func (h *Hasher) Dummy(ctx context.Context, plain string) error {
	_, _, err := h.Verify(ctx, h.dummy, plain)
	return err
}

// Recognised tells whether encoded is a hash that Verify can read.
func Recognised(encoded string) bool {
	_, err := parse(encoded)
	return err == nil
}

// work runs fn on one of the pool's places.
func (h *Hasher) work(ctx context.Context, fn func() error) error {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return muster.E(muster.Unavailable, "api.context.server_busy.app_error")
	}
	select {
	case h.workers <- struct{}{}:
		defer func() { <-h.workers }()
		return fn()
	case <-ctx.Done():
		return fmt.Errorf("waiting to hash a password: %w", ctx.Err())
	}
}

func (h *Hasher) encode(salt, key []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, passes, lanes, b.EncodeToString(salt), b.EncodeToString(key))
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never fails (it aborts the program instead)
	return b
}

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
