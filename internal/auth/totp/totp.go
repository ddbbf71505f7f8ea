// Package totp is the second factor of a sign-in: time-based one-time codes (RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes.
package totp

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"rsc.io/qr"

	"muster"
)

const (
	period      = 30 // seconds
	secretBytes = 20 // RFC 4226, section 4: 160 bits
	drift       = 1  // steps that a clock may be off, either way
	digits      = 6
)

var secretEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret gives a fresh secret in the form that authenticator apps take.
func NewSecret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return secretEncoding.EncodeToString(b[:])
}

// Enrolment is what sets an authenticator app up: the secret, and a QR code that holds it with the site's and the account's name.
func Enrolment(secret, site, account string) (*muster.MfaSecret, error) {
	label := url.PathEscape(site) + ":" + url.PathEscape(account)
	code, err := qr.Encode("otpauth://totp/"+label+"?"+url.Values{"secret": {secret}, "issuer": {site}}.Encode(), qr.L)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return &muster.MfaSecret{Secret: secret, QRCode: base64.StdEncoding.EncodeToString(code.PNG())}, nil
}

// Check gives the time step that a code belongs to, if it is one of now, the step before or the step after. Only a step later than used is
// good: a code signs in once, and none before it ever again (RFC 6238, section 5.2).
func Check(secret, code string, now time.Time, used int64) (step int64, ok bool) {
	if len(code) != digits {
		return 0, false
	}
	current := now.Unix() / period
	for s := current - drift; s <= current+drift; s++ {
		want, err := hotp.GenerateCode(secret, uint64(max(s, 0)))
		if err != nil {
			return 0, false
		}
		// Every step is compared, so that the time tells nothing.
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > used && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// Lengths of a recovery code: 80 random bits in groups of four letters.
const (
	recoveryLetters = 16
	recoveryGroup   = 4
)

// NewRecoveryCode gives a code such as yb4k-9w1a-h3nd-x7qe.
func NewRecoveryCode() string {
	letters := withoutI(muster.NewID()[:recoveryLetters])
	var groups []string
	for i := 0; i < recoveryLetters; i += recoveryGroup {
		groups = append(groups, letters[i:i+recoveryGroup])
	}
	return strings.Join(groups, "-")
}

// HashRecoveryCode returns what is kept of a new recovery code.
func HashRecoveryCode(code string) []byte { return recoveryHash(withoutI(letters(code))) }

// RecoveryCodeHashes returns what may be kept of a recovery code that somebody typed: a hash for each way to read it, since "1" and "i" are taken for each
// other. New codes have no "i"; those that were made before had both. It reports false for what can't be a code.
func RecoveryCodeHashes(code string) ([][]byte, bool) {
	typed := letters(code)
	if len(typed) != recoveryLetters {
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
		if len(readings) > readingsMax {
			readings = []string{withoutI(typed), typed}
			break
		}
	}
	hashes := make([][]byte, len(readings))
	for n, reading := range readings {
		hashes[n] = recoveryHash(reading)
	}
	return hashes, true
}

// readingsMax bounds the work for one typed code. Of the older codes, one in 20,000 has so many ambiguous letters; it is taken as it is typed.
const readingsMax = 64

// letters undoes what people add to a code as they type it. No code has "0" or "l": they stand for what they look like.
func letters(code string) string {
	return strings.NewReplacer("-", "", " ", "", "0", "o", "l", "1").Replace(strings.ToLower(code))
}

func withoutI(letters string) string { return strings.ReplaceAll(letters, "i", "1") }

func recoveryHash(letters string) []byte {
	sum := sha256.Sum256([]byte("recovery code " + letters))
	return sum[:]
}
