package password

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // only to verify what other servers stored
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// Limits on the parameters of a stored hash, so that an imported one can't stall the server.
const (
	maxMemoryKiB  = 256 * 1024
	maxPasses     = 64
	maxLanes      = 16
	maxBcryptCost = 15
	maxIterations = 10_000_000
	maxScryptLogN = 20
	maxKeyBytes   = 128
	maxSaltBytes  = 128
	minKeyBytes   = 4
)

// errScheme does not quote the hash, since errors end up in logs.
var errScheme = errors.New("the stored password hash has an unknown format")

// scheme is a parsed hash.
type scheme interface {
	verify(plain string) (bool, error)
	stale(memoryKiB uint32) bool // whether it differs from what a new hash would be
	cost() cost
	example() string // a made-up hash with the same cost
}

// parse parses a PHC or MCF string.
func parse(encoded string) (scheme, error) {
	s, err := parseScheme(encoded)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func parseScheme(encoded string) (scheme, error) {
	if strings.HasPrefix(encoded, "$2") {
		return parseBcrypt(encoded)
	}
	parts := strings.Split(encoded, "$")
	if len(parts) < 4 || parts[0] != "" {
		return nil, errScheme
	}
	switch name := parts[1]; {
	case name == "argon2id" || name == "argon2i":
		return parseArgon2(name, parts[2:])
	case name == "scrypt":
		return parseScrypt(parts[2:])
	case strings.HasPrefix(name, "pbkdf2"):
		return parsePBKDF2(name, parts[2:])
	}
	return nil, errScheme
}

type argon2Hash struct {
	kind         string
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func parseArgon2(kind string, parts []string) (scheme, error) {
	if len(parts) != 4 || parts[0] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, errScheme
	}
	n, err := numbers(parts[1], "m", "t", "p")
	if err != nil {
		return nil, err
	}
	if n[0] < 8*n[2] || n[0] > maxMemoryKiB || n[1] < 1 || n[1] > maxPasses || n[2] < 1 || n[2] > maxLanes {
		return nil, errScheme
	}
	salt, key, err := saltAndKey(parts[2], parts[3])
	return &argon2Hash{kind, uint32(n[0]), uint32(n[1]), uint8(n[2]), salt, key}, err
}

func (h *argon2Hash) verify(plain string) (bool, error) {
	derive := argon2.IDKey
	if h.kind == "argon2i" {
		derive = argon2.Key
	}
	return equal(h.key, derive([]byte(plain), h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))), nil
}

func (h *argon2Hash) stale(memoryKiB uint32) bool {
	return h.kind != "argon2id" || h.memory != memoryKiB || h.time != passes || h.threads != lanes || len(h.key) != keyBytes
}

type bcryptHash string

func parseBcrypt(encoded string) (scheme, error) {
	cost, err := bcrypt.Cost([]byte(encoded))
	if err != nil || cost > maxBcryptCost {
		return nil, errScheme
	}
	return bcryptHash(encoded), nil
}

func (h bcryptHash) verify(plain string) (bool, error) {
	err := bcrypt.CompareHashAndPassword([]byte(h), []byte(plain))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

func (h bcryptHash) logRounds() int {
	n, _ := bcrypt.Cost([]byte(h)) // parseBcrypt has checked it
	return n
}

func (bcryptHash) stale(uint32) bool { return true }

type scryptHash struct {
	logN, r, p int
	salt, key  []byte
}

func parseScrypt(parts []string) (scheme, error) {
	if len(parts) != 3 {
		return nil, errScheme
	}
	n, err := numbers(parts[0], "ln", "r", "p")
	if err != nil {
		return nil, err
	}
	if n[0] < 1 || n[0] > maxScryptLogN || n[1] < 1 || n[2] < 1 || n[2] > maxLanes || n[1] > 64 || n[1]<<n[0]/8 > maxMemoryKiB {
		return nil, errScheme
	}
	salt, key, err := saltAndKey(parts[1], parts[2])
	return &scryptHash{n[0], n[1], n[2], salt, key}, err
}

func (h *scryptHash) verify(plain string) (bool, error) {
	got, err := scrypt.Key([]byte(plain), h.salt, 1<<h.logN, h.r, h.p, len(h.key))
	return err == nil && equal(h.key, got), err
}

func (*scryptHash) stale(uint32) bool { return true }

type pbkdf2Hash struct {
	digest     string // a key of digests
	iterations int
	salt, key  []byte
}

var digests = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// parsePBKDF2 parses the three formats in use: PHC ($pbkdf2-sha256$i=N$salt$key), passlib's ($pbkdf2-sha256$N$salt$key, and
// $pbkdf2$ for SHA-1) and the reference server's ($pbkdf2$f=SHA256,w=N,l=LEN$salt$key).
func parsePBKDF2(name string, parts []string) (scheme, error) {
	if len(parts) != 3 {
		return nil, errScheme
	}
	digest := strings.TrimPrefix(strings.TrimPrefix(name, "pbkdf2"), "-")
	rounds := parts[0]
	if f, rest, found := strings.Cut(parts[0], ","); found && strings.HasPrefix(f, "f=") {
		digest = strings.ToLower(strings.TrimPrefix(f, "f="))
		rounds, _, _ = strings.Cut(strings.TrimPrefix(rest, "w="), ",")
	}
	if digest == "" {
		digest = "sha1"
	}
	n, err := strconv.Atoi(strings.TrimPrefix(rounds, "i="))
	if err != nil || n < 1 || n > maxIterations || digests[digest] == nil {
		return nil, errScheme
	}
	salt, key, err := saltAndKey(parts[1], parts[2])
	return &pbkdf2Hash{digest, n, salt, key}, err
}

func (h *pbkdf2Hash) verify(plain string) (bool, error) {
	got, err := pbkdf2.Key(digests[h.digest], plain, h.salt, h.iterations, len(h.key))
	return err == nil && equal(h.key, got), err
}

func (*pbkdf2Hash) stale(uint32) bool { return true }

// numbers parses "a=1,b=2,c=3" with exactly these names in this order.
func numbers(list string, names ...string) ([]int, error) {
	parts := strings.Split(list, ",")
	if len(parts) != len(names) {
		return nil, errScheme
	}
	out := make([]int, len(names))
	for i, p := range parts {
		value, found := strings.CutPrefix(p, names[i]+"=")
		n, err := strconv.Atoi(value)
		if !found || err != nil || n < 0 || n > maxIterations {
			return nil, errScheme
		}
		out[i] = n
	}
	return out, nil
}

func saltAndKey(salt, key string) (s, k []byte, err error) {
	if s, err = decode64(salt); err == nil {
		k, err = decode64(key)
	}
	if err != nil || len(s) > maxSaltBytes || len(k) < minKeyBytes || len(k) > maxKeyBytes {
		return nil, nil, errScheme
	}
	return s, k, nil
}

// decode64 decodes standard base64 with or without padding, and passlib's alphabet, which has "." for "+".
func decode64(s string) ([]byte, error) {
	s = strings.ReplaceAll(strings.TrimRight(s, "="), ".", "+")
	return base64.RawStdEncoding.DecodeString(s)
}
