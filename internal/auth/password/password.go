// Package password turns passwords into hashes and back into a yes or no. New hashes are argon2id; what other
// servers stored (argon2i, bcrypt, PBKDF2, scrypt) is verified and marked for a new hash at the next sign-in.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
)

// The cost of a new hash: OWASP's argon2id setting of 19 MiB, 2 passes, 1 lane (Password Storage Cheat Sheet).
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

// Places in the queue. A whole network's employees behind one address may start their day within seconds of each other, so a share is
// large; what it costs others is nothing, since the networks are served in turn.
const (
	defaultQueue = 512
	defaultShare = 256
)

// Options bound the work. Zero values take the defaults.
type Options struct {
	Workers       int         // hashes at once; the number of processors by default
	QueueSize     int         // requests that may have a place; 512 by default
	PerNetwork    int         // places of one network; 256 by default, at most the queue's
	MemoryKiB     uint32      // that a new hash takes; 19 MiB by default, less only where nothing real is protected
	LimitNetworks func() bool // whether PerNetwork holds at the moment; nil: always
}

// Hasher hashes and verifies in a bounded pool, so that a storm of sign-ins takes neither all memory nor every processor's time slice.
type Hasher struct {
	queue   *queue
	limited func() bool
	memory  uint32 // KiB
	dummy   string // a hash of nothing anybody knows, for accounts that don't exist
	own     cost   // of a new hash
	inUse   atomic.Pointer[[]cost]
}

// New makes a Hasher.
func New(o Options) *Hasher {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.QueueSize <= 0 {
		o.QueueSize = defaultQueue
	}
	if o.PerNetwork <= 0 {
		o.PerNetwork = defaultShare
	}
	if o.MemoryKiB == 0 {
		o.MemoryKiB = memoryKiB
	}
	h := &Hasher{queue: newQueue(o.Workers, o.QueueSize, min(o.PerNetwork, o.QueueSize)), limited: o.LimitNetworks, memory: o.MemoryKiB}
	h.dummy = h.encode(random(saltBytes), random(keyBytes))
	h.own = (&argon2Hash{"argon2id", h.memory, passes, lanes, make([]byte, saltBytes), make([]byte, keyBytes)}).cost()
	h.SetSchemesInUse(nil)
	return h
}

// hash makes the PHC string of a new argon2id hash, without a place in the queue.
func (h *Hasher) hash(plain string) string {
	salt := random(saltBytes)
	return h.encode(salt, argon2.IDKey([]byte(plain), salt, passes, h.memory, lanes, keyBytes))
}

func (h *Hasher) encode(salt, key []byte) string {
	return fmt.Sprintf("%s%s$%s", h.Prefix(), encode64(salt), encode64(key))
}

// Prefix is what a new hash begins with, up to its salt.
func (h *Hasher) Prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, h.memory, passes, lanes)
}

func encode64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never fails (it aborts the program instead)
	return b
}

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
