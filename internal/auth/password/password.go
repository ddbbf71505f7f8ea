// Package password hashes, verifies and judges passwords. New hashes are argon2id; hashes that other servers made (argon2i, bcrypt, PBKDF2, scrypt) are
// verified and marked for a rehash at the next sign-in.
//
// Security rules:
//   - Hashing runs in a bounded pool behind a fair queue (queue.go), so that neither a flood of sign-ins nor one client can exhaust memory or processors.
//   - A refused password costs the same work whatever it was compared with, be it an imported hash or no account at all (cost.go), so that timing does
//     not reveal which accounts exist.
//   - A stored hash is never part of an error, and what an imported hash may cost is bounded (scheme.go).
//   - Common passwords are always refused (policy.go).
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

// Parameters of a new hash: 19 MiB, 2 passes, 1 lane, as OWASP recommends for argon2id (Password Storage Cheat Sheet).
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

// Defaults of the queue. All employees behind one address may sign in within seconds of each other, so a network may hold many places; that costs others
// nothing, since networks are served in turn.
const (
	defaultQueueSize  = 512
	defaultPerNetwork = 256
)

// Options bound the work. Zero values mean the defaults.
type Options struct {
	Workers       int         // hashes computed at once; the number of processors by default
	QueueSize     int         // requests that may hold a place; 512 by default
	PerNetwork    int         // places of one network; 256 by default, at most QueueSize
	MemoryKiB     uint32      // memory of a new hash; 19 MiB by default, less for tests only
	LimitNetworks func() bool // whether PerNetwork applies at the moment; nil means always
}

// Hasher hashes and verifies passwords in a bounded pool of workers.
type Hasher struct {
	queue         *queue
	limitNetworks func() bool
	memory        uint32 // KiB
	dummy         string // a hash that no password matches, for accounts that don't exist
	own           cost   // of a new hash
	inUse         atomic.Pointer[[]cost]
}

// New returns a Hasher.
func New(o Options) *Hasher {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.QueueSize <= 0 {
		o.QueueSize = defaultQueueSize
	}
	if o.PerNetwork <= 0 {
		o.PerNetwork = defaultPerNetwork
	}
	if o.MemoryKiB == 0 {
		o.MemoryKiB = memoryKiB
	}
	h := &Hasher{queue: newQueue(o.Workers, o.QueueSize, min(o.PerNetwork, o.QueueSize)), limitNetworks: o.LimitNetworks, memory: o.MemoryKiB}
	h.dummy = h.encode(randomBytes(saltBytes), randomBytes(keyBytes))
	h.own = (&argon2Hash{"argon2id", h.memory, passes, lanes, make([]byte, saltBytes), make([]byte, keyBytes)}).cost()
	h.SetSchemesInUse(nil)
	return h
}

// hash returns the PHC string of a new argon2id hash. It does not go through the queue.
func (h *Hasher) hash(plain string) string {
	salt := randomBytes(saltBytes)
	return h.encode(salt, argon2.IDKey([]byte(plain), salt, passes, h.memory, lanes, keyBytes))
}

func (h *Hasher) encode(salt, key []byte) string {
	return fmt.Sprintf("%s%s$%s", h.Prefix(), encode64(salt), encode64(key))
}

// Prefix returns the beginning of every new hash, up to its salt.
func (h *Hasher) Prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, h.memory, passes, lanes)
}

func encode64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never fails (it aborts the program instead)
	return b
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
