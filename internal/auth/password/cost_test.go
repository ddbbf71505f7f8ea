package password

import (
	"slices"
	"strings"
	"testing"
)

// spent counts the units that a refusal of a stored hash takes, by kind.
func spent(t *testing.T, h *Hasher, encoded string) map[string]int {
	t.Helper()
	s, err := parse(encoded)
	if err != nil {
		t.Fatal(err)
	}
	units := map[string]int{s.cost().kind: s.cost().units}
	counted := slices.Clone(*h.inUse.Load())
	for i, e := range counted {
		counted[i].spend = func(_ string, n int) error { units[e.kind] += n; return nil }
	}
	real := h.inUse.Swap(&counted)
	defer h.inUse.Store(real)
	if err := h.spendRest("a guess", s.cost()); err != nil {
		t.Fatal(err)
	}
	return units
}

// Whatever a wrong password was held against, the same work is done.
func TestEveryRefusalTakesTheSameWork(t *testing.T) {
	h := New(Options{MemoryKiB: 64})
	stored := []string{h.dummy}
	var inUse []string
	for _, f := range foreign {
		stored = append(stored, f.encoded)
	}
	stored = append(stored, exampleBcrypt(4), exampleBcrypt(6), "$pbkdf2-sha1$i=700$MDEyMzQ1Njc4OWFiY2RlZg$"+zeros(32))
	for _, encoded := range stored {
		example, isForeign, err := h.ForeignScheme(encoded)
		if err != nil || isForeign != (encoded != h.dummy) {
			t.Fatalf("%s: foreign %v, %v", encoded, isForeign, err)
		}
		if again, _, err := h.ForeignScheme(example); again != example || err != nil {
			t.Errorf("the example of %s is %s, and of that %s: %v", encoded, example, again, err)
		}
		if isForeign {
			inUse = append(inUse, example)
		}
	}
	if left := h.SetSchemesInUse(inUse); len(left) != 0 {
		t.Fatalf("left out: %q", left)
	}
	want := spent(t, h, h.dummy)
	if want["bcrypt"] != 1<<10 || want["pbkdf2-sha1"] != 1400 || len(want) != 7 {
		t.Errorf("a refusal takes %v", want)
	}
	for _, encoded := range stored {
		got := spent(t, h, encoded)
		for kind, units := range want {
			if got[kind] != units {
				t.Errorf("%s: %d of %s, want %d", encoded, got[kind], kind, units)
			}
		}
	}
	h.SetSchemesInUse(nil)
	if alone := spent(t, h, h.dummy); len(alone) != 1 || alone[h.own.kind] != 1 {
		t.Errorf("without imports a refusal takes %v", alone)
	}
}

func TestDummyWorkIsReallyDone(t *testing.T) {
	h := New(Options{MemoryKiB: 64})
	h.SetSchemesInUse([]string{exampleBcrypt(5), "$pbkdf2-sha512$i=100$" + zeros(16) + "$" + zeros(64), "$scrypt$ln=4,r=8,p=1$" + zeros(16) + "$" + zeros(32)})
	place := reservation(t, h)
	if err := place.VerifyDummy("a guess"); err != nil {
		t.Fatal(err)
	}
	ok, stale, err := place.Verify(exampleBcrypt(4), "a guess")
	if ok || !stale || err != nil {
		t.Fatal(ok, stale, err)
	}
	if err := spendBcrypt("a guess", 1<<4+1<<5); err != nil {
		t.Fatal(err)
	}
}

func TestImportedHashesMayNotMakeRefusalsDear(t *testing.T) {
	h := New(Options{})
	pbkdf2 := func(digest, rounds string) string {
		return "$pbkdf2-" + digest + "$i=" + rounds + "$" + zeros(16) + "$" + zeros(20)
	}
	argon := func(m string) string { return "$argon2id$v=19$m=" + m + ",t=3,p=1$" + zeros(16) + "$" + zeros(32) }
	for name, c := range map[string]struct {
		examples []string
		want     bool
	}{
		"nothing":                           {nil, true},
		"what others use":                   {[]string{exampleBcrypt(12), pbkdf2("sha256", "600000"), argon("65536"), "$scrypt$ln=17,r=8,p=1$" + zeros(16) + "$" + zeros(32)}, true},
		"one that is absurd":                {[]string{exampleBcrypt(15)}, false},
		"rounds beyond reason":              {[]string{pbkdf2("sha1", "9000000")}, false},
		"too much together":                 {[]string{exampleBcrypt(14), argon("262144"), pbkdf2("sha512", "3000000")}, false},
		"costs of one scheme do not add up": {[]string{exampleBcrypt(14), exampleBcrypt(13), exampleBcrypt(12), exampleBcrypt(11), argon("65536")}, true},
		"too many": {func() (many []string) {
			for i := range maxSchemesInUse + 1 {
				many = append(many, argon("10"+string(rune('0'+i/10))+string(rune('0'+i%10))))
			}
			return many
		}(), false},
	} {
		if got := h.Affordable(c.examples); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if left := h.SetSchemesInUse([]string{exampleBcrypt(15), exampleBcrypt(10)}); len(left) != 1 || !strings.HasPrefix(left[0], "$2a$15$") {
		t.Errorf("left out: %q", left)
	}
}
