package totp_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/internal/auth/totp"
)

// The vectors of RFC 6238, appendix B, for SHA-1; six of their eight digits.
const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

func TestVectorsOfTheRFC(t *testing.T) {
	for seconds, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if step, ok := totp.Check(rfcSecret, code, time.Unix(seconds, 0), 0); !ok || step != seconds/30 {
			t.Errorf("at %d: step %d, %v", seconds, step, ok)
		}
	}
}

func TestACodeIsGoodForOneStepOfDriftAndOnce(t *testing.T) {
	const code, step = "005924", int64(1234567890 / 30)
	at := func(steps int64) time.Time { return time.Unix((step+steps)*30, 0) }
	for _, c := range []struct {
		name string
		now  time.Time
		used int64
		code string
		ok   bool
	}{
		{"a step early", at(-1), 0, code, true},
		{"a step late", at(1), 0, code, true},
		{"two steps early", at(-2), 0, code, false},
		{"two steps late", at(2), 0, code, false},
		{"the step before was used", at(0), step - 1, code, true},
		{"used", at(0), step, code, false},
		{"a later one was used", at(0), step + 1, code, false},
		{"too short", at(0), 0, code[1:], false},
		{"too long", at(0), 0, code + "0", false},
		{"blank", at(0), 0, "", false},
		{"before time began", time.Unix(0, 0), -5, "000000", false},
	} {
		if got, ok := totp.Check(rfcSecret, c.code, c.now, c.used); ok != c.ok || ok && got != step {
			t.Errorf("%s: %d, %v", c.name, got, ok)
		}
	}
}

func TestEnrolmentIsAPicture(t *testing.T) {
	secret := totp.NewSecret()
	if len(secret) != 32 || secret == totp.NewSecret() {
		t.Errorf("secret %q", secret)
	}
	e, err := totp.Enrolment(secret, "Our Site: the best", strings.Repeat("ann@", 30))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := base64.StdEncoding.DecodeString(e.QRCode)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := png.Decode(bytes.NewReader(picture)); err != nil || p.Bounds().Dx() < 100 {
		t.Errorf("QR code: %v", err)
	}
}

func TestRecoveryCodesAreReadAsTyped(t *testing.T) {
	code := totp.NewRecoveryCode()
	if len(code) != 19 || code == totp.NewRecoveryCode() || strings.ContainsAny(code, "0li") {
		t.Fatalf("code %q", code)
	}
	for _, typed := range []string{
		strings.ToUpper(code), strings.ReplaceAll(code, "-", " "), strings.ReplaceAll(code, "-", ""), strings.NewReplacer("o", "0", "1", "l").Replace(code),
	} {
		if !reads(typed, totp.HashRecoveryCode(code)) {
			t.Errorf("%q is taken for another code than %q", typed, code)
		}
	}
	for _, wrong := range []string{"", "123456", code + "a"} {
		if _, ok := totp.RecoveryCodeHashes(wrong); ok {
			t.Errorf("%q is taken for a code", wrong)
		}
	}
}

// Codes that were made before new ones had no "i" were kept as they are.
func TestOlderRecoveryCodesAreReadAlike(t *testing.T) {
	kept := func(letters string) []byte {
		sum := sha256.Sum256([]byte("recovery code " + letters))
		return sum[:]
	}
	for _, c := range []struct{ code, typed string }{
		{"yoi4k9w1ahindx7q", "yoi4-k9w1-ahin-dx7q"},
		{"yoi4k9w1ahindx7q", "Y0L4-K9WI-AHLN-DX7Q"},
		{"yoi4k9w1ahindx7q", "yo14 k9wi ah1n dx7q"},
		{"111111iiiiiiaaaa", "111111iiiiiiaaaa"},
	} {
		if !reads(c.typed, kept(c.code)) {
			t.Errorf("%q is not taken for %q", c.typed, c.code)
		}
	}
}

func reads(typed string, hash []byte) bool {
	hashes, _ := totp.RecoveryCodeHashes(typed)
	return slices.ContainsFunc(hashes, func(h []byte) bool { return bytes.Equal(h, hash) })
}

func FuzzRecoveryCodeHashes(f *testing.F) {
	f.Add("yoi4-k9w1-ahin-dx7q")
	f.Add("iiii-1111-llll-0000")
	f.Fuzz(func(t *testing.T, typed string) {
		hashes, ok := totp.RecoveryCodeHashes(typed)
		if ok && (len(hashes) == 0 || len(hashes) > 64 || !reads(typed, totp.HashRecoveryCode(typed))) {
			t.Errorf("%d readings of %q", len(hashes), typed)
		}
	})
}

func FuzzCheck(f *testing.F) {
	f.Add(rfcSecret, "005924", int64(1234567890), int64(0))
	f.Add("", "", int64(-1), int64(-1))
	f.Fuzz(func(t *testing.T, secret, code string, now, used int64) {
		if step, ok := totp.Check(secret, code, time.Unix(now, 0), used); ok && step <= used {
			t.Errorf("step %d is good after %d", step, used)
		}
	})
}
