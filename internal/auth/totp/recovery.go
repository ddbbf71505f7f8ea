package totp

import (
	"crypto/sha256"
	"strings"

	"muster"
)

// A recovery code has 80 random bits, written in groups of four characters.
const (
	codeLength  = 16
	groupLength = 4
)

// NewRecoveryCode returns a code such as yb4k-9w1a-h3nd-x7qe.
func NewRecoveryCode() string {
	code := replaceI(muster.NewID()[:codeLength])
	var groups []string
	for i := 0; i < codeLength; i += groupLength {
		groups = append(groups, code[i:i+groupLength])
	}
	return strings.Join(groups, "-")
}

// HashRecoveryCode returns the hash under which a new recovery code is stored.
func HashRecoveryCode(code string) []byte { return hashNormalized(replaceI(normalize(code))) }

// RecoveryCodeHashes returns the hashes under which a typed recovery code may be stored: one for each way to read it, since "1" and "i" look alike. New codes
// have no "i", but older ones had both. It reports false for text that can't be a code.
func RecoveryCodeHashes(code string) ([][]byte, bool) {
	typed := normalize(code)
	if len(typed) != codeLength {
		return nil, false
	}
	readings := []string{""}
	for i := range len(typed) {
		letter := typed[i : i+1]
		if letter != "1" && letter != "i" {
			for n := range readings {
				readings[n] += letter
			}
			continue
		}
		for n := range readings {
			readings = append(readings, readings[n]+"i")
			readings[n] += "1"
		}
		if len(readings) > maxReadings {
			readings = []string{replaceI(typed), typed}
			break
		}
	}
	hashes := make([][]byte, len(readings))
	for n, reading := range readings {
		hashes[n] = hashNormalized(reading)
	}
	return hashes, true
}

// maxReadings limits the work for one typed code. One in 20,000 older codes has more ambiguous characters; it is accepted only as it is typed.
const maxReadings = 64

// normalize undoes what people change when they type a code: case, spaces, dashes, and "0" and "l", which no code contains.
func normalize(code string) string {
	return strings.NewReplacer("-", "", " ", "", "0", "o", "l", "1").Replace(strings.ToLower(code))
}

func replaceI(letters string) string { return strings.ReplaceAll(letters, "i", "1") }

func hashNormalized(letters string) []byte {
	sum := sha256.Sum256([]byte("recovery code " + letters))
	return sum[:]
}
