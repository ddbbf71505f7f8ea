// Package totp implements the second factor of a login: time-based one-time codes (RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes.
//
// Security rules:
//   - A one-time code works once: the caller stores the time step of each accepted code, and passes it to Check.
//   - Comparisons take constant time.
//   - Recovery codes have 80 random bits and are stored as hashes.
package totp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"net/url"
	"time"

	"github.com/pquerna/otp/hotp"
	"rsc.io/qr"

	"muster"
)

const (
	period      = 30 // seconds
	secretBytes = 20 // RFC 4226, section 4: 160 bits
	drift       = 1  // steps that a clock may be ahead or behind
	digits      = 6
)

var secretEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret returns a new secret in the encoding that authenticator apps expect.
func NewSecret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return secretEncoding.EncodeToString(b[:])
}

// Enrolment returns what sets up an authenticator app: the secret, and a QR code with the secret and the names of site and account.
func Enrolment(secret, site, account string) (*muster.MfaSecret, error) {
	label := url.PathEscape(site) + ":" + url.PathEscape(account)
	code, err := qr.Encode("otpauth://totp/"+label+"?"+url.Values{"secret": {secret}, "issuer": {site}}.Encode(), qr.L)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return &muster.MfaSecret{Secret: secret, QRCode: base64.StdEncoding.EncodeToString(code.PNG())}, nil
}

// Check returns the time step of a code, and reports whether the code is valid: it must belong to the current step, the one before or the one after, and
// be later than lastUsed, since a code works once (RFC 6238, section 5.2).
func Check(secret, code string, now time.Time, lastUsed int64) (step int64, ok bool) {
	if len(code) != digits {
		return 0, false
	}
	current := now.Unix() / period
	for s := current - drift; s <= current+drift; s++ {
		want, err := hotp.GenerateCode(secret, uint64(max(s, 0)))
		if err != nil {
			return 0, false
		}
		// Every step is compared, so that timing reveals nothing.
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > lastUsed && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}
