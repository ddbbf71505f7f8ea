package password

import (
	"strings"
	"testing"

	"muster"
)

// Hashes that other implementations made: the argon2 reference code, bcrypt's own tests, Python's hashlib.
var foreign = map[string]struct{ encoded, plain string }{
	"argon2id":          {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	"bcrypt":            {"$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine"},
	"scrypt":            {"$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$cEeGiMhK/rz6HHvuBIiNK/biijwzFMyGmmVVmCFONkM", "Passw0rd!"},
	"pbkdf2 sha256 PHC": {"$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$2/6i32L0Bi6MtP2OuJMPcqA89+m4kdqqE3/bAThGMxs", "Passw0rd!"},
	"pbkdf2 passlib":    {"$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$2/6i32L0Bi6MtP2OuJMPcqA89.m4kdqqE3/bAThGMxs", "Passw0rd!"},
	"pbkdf2 sha512":     {"$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg$21Fy9H9mJURIPGOpy5eax0jc9ya/986nYgt9RBOJ1PRqPeNxZzU6y8GVbrNXwMTTqYP7kuckOMYjAouonYH.uA", "Passw0rd!"},
	"pbkdf2 sha1":       {"$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$iTB3V9WPlbAA0Zh91Sz8ntzU4KQ", "Passw0rd!"},
	"pbkdf2 reference":  {"$pbkdf2$f=SHA256,w=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$2/6i32L0Bi6MtP2OuJMPcqA89+m4kdqqE3/bAThGMxs", "Passw0rd!"},
}

// reservation is a place in a queue for the length of a test.
func reservation(t testing.TB, h *Hasher) *Reservation {
	t.Helper()
	place, err := h.Reserve(t.Context(), Origin{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(place.Release)
	return place
}

func TestForeignHashesAreVerifiedAndStale(t *testing.T) {
	h := reservation(t, New(Options{}))
	for name, f := range foreign {
		ok, stale, err := h.Verify(f.encoded, f.plain)
		if !ok || !stale || err != nil {
			t.Errorf("%s: right password: %v, stale %v, %v", name, ok, stale, err)
		}
		ok, _, err = h.Verify(f.encoded, f.plain+"x")
		if ok || err != nil {
			t.Errorf("%s: wrong password: %v, %v", name, ok, err)
		}
	}
}

func TestOwnHashes(t *testing.T) {
	h := reservation(t, New(Options{}))
	one, err := h.Hash("päss")
	if err != nil || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(one, err)
	}
	two, _ := h.Hash("päss")
	if one == two {
		t.Fatal("two hashes share a salt")
	}
	ok, stale, err := h.Verify(one, "päss")
	if !ok || stale || err != nil {
		t.Fatal(ok, stale, err)
	}
	if err := h.VerifyDummy("päss"); err != nil {
		t.Fatal(err)
	}
}

func TestHashesThatAskForTooMuchAreRefused(t *testing.T) {
	const tail = "$MDEyMzQ1Njc4OWFiY2RlZg$2/6i32L0Bi6MtP2OuJMPcqA89+m4kdqqE3/bAThGMxs"
	for _, encoded := range []string{
		"", "plain", "$", "$$$$", "$md5$x$y", "$argon2id$v=19$m=65536,t=2", "$argon2id$v=18$m=65536,t=2,p=1" + tail,
		"$argon2id$v=19$m=99999999,t=2,p=1" + tail, "$argon2id$v=19$m=65536,t=999,p=1" + tail, "$argon2id$v=19$m=65536,t=0,p=1" + tail,
		"$argon2id$v=19$m=1,t=2,p=0" + tail, "$scrypt$ln=30,r=8,p=1" + tail, "$scrypt$ln=20,r=64,p=1" + tail, "$pbkdf2-sha256$99999999" + tail,
		"$pbkdf2-md5$1000" + tail, "$pbkdf2-sha256$1000$!!$!!", "$2a$31$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "$2a$10$short",
	} {
		if example, _, err := New(Options{}).ForeignScheme(encoded); err == nil {
			t.Errorf("%q was taken for %s", encoded, example)
		}
		_, _, err := reservation(t, New(Options{})).Verify(encoded, "x")
		if err == nil || len(encoded) > 5 && strings.Contains(err.Error(), encoded) {
			t.Errorf("%q: error %v", encoded, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	all := Policy{MinimumLength: 8, Lowercase: true, Uppercase: true, Number: true, Symbol: true}
	for plain, want := range map[string]string{
		"Passw0rd!":                "",
		"Passw0rd ":                "",
		"password":                 "_uppercase_number_symbol",
		"PASSWORD1!":               "_lowercase",
		"Aa1!":                     "_min_length",
		"":                         "_min_length_lowercase_uppercase_number_symbol",
		strings.Repeat("aA1!", 19): "_max_length",
		"Passw0rd!\x00":            "_max_length",
		"Passw0rd!\xff":            "_max_length",
	} {
		err := all.Check(plain, nil)
		if want == "" && err != nil || want != "" && !muster.HasID(err, policyID+want+".app_error") {
			t.Errorf("%q: %v, want %q", plain, err, want)
		}
	}
	if err := (Policy{MinimumLength: 5}).Check("aaaaaq", nil); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range foreign {
		f.Add(v.encoded)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		s, err := parse(encoded)
		if (s == nil) == (err == nil) {
			t.Fatalf("%v and %v", s, err)
		}
		if err != nil {
			return
		}
		again, err := parse(s.example())
		if err != nil {
			if s.cost().weight <= maxWeight {
				t.Fatalf("the example %q of an affordable hash can't be read", s.example())
			}
			return
		}
		if was, is := s.cost(), again.cost(); was.kind != is.kind || was.units != is.units || again.example() != s.example() {
			t.Fatalf("a hash of %s x %d has an example of %s x %d", was.kind, was.units, is.kind, is.units)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := reservation(b, New(Options{}))
	for b.Loop() {
		if _, err := h.Hash("a password"); err != nil {
			b.Fatal(err)
		}
	}
}
