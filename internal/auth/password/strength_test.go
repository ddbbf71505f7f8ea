package password

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEstimate(t *testing.T) {
	about := []string{"ann.smith", "ann.smith@example.com", "Muster", "Ann", "Wrzbkowski"}
	for plain, want := range map[string]struct {
		least, most int
		advice      string
	}{
		"":                             {0, 0, "longer"},
		"kX9#qL":                       {0, 2, "longer"},
		"password":                     {0, 0, "common"},
		"P@ssw0rd!":                    {0, 1, "common"},
		"wrzbkowski":                   {0, 0, "your name"},
		"ann.smith@example.com":        {0, 0, "your name"},
		"muster":                       {0, 0, "name of this site"},
		"sdfghjkl;'":                   {0, 2, "Keys"},
		"aaaaaaaaaaaaaa":               {0, 1, "Repeating"},
		"cdefghijklm":                  {0, 1, "Sequences"},
		"14.7.1989":                    {0, 1, "dates"},
		"kX9#qLm2pTz7":                 {4, 4, ""},
		"correct horse battery staple": {4, 4, ""},
		"日本語日本語":                       {0, 1, "longer"},
		strings.Repeat("4@8({[<3691!|0$57+%2", 4): {3, 4, ""},
		"\xff\xfe": {0, 0, "longer"},
	} {
		got := Estimate(plain, about)
		if got.Score < want.least || got.Score > want.most || !strings.Contains(got.Advice, want.advice) || (got.Advice == "") != (want.advice == "") || got.Label == "" {
			t.Errorf("%q: %+v", plain, got)
		}
	}
	if s := Estimate("ann.smith2", nil); s.Score <= Estimate("ann.smith2", about).Score {
		t.Error("what is known about somebody makes no difference")
	}
}

// The length of the input determines what an estimate costs.
func TestLimitInput(t *testing.T) {
	for plain, want := range map[string]string{
		"Tr0ub4dour&3":          "Tr0ub4dour&3",
		"4@8({[<4<3":            "4@8({[~4~~",
		strings.Repeat("x", 90): strings.Repeat("x", 40),
		strings.Repeat("é", 90): strings.Repeat("é", 36), // of 72 bytes
		"a\xffb":                "ab",
	} {
		if got := limitInput(plain); got != want {
			t.Errorf("%q: %q, want %q", plain, got, want)
		}
	}
	got := words([]string{"Ann-Marie O'Neill", "", "ab", strings.Repeat("x", 1000), "ann@example.com"})
	if want := []string{"Ann", "Marie", "Neill", "Ann-Marie O'Neill", "ann", "example", "com", "ann@example.com"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if n := len(words(slices.Repeat([]string{"word"}, 100))); n != maxUserInputs {
		t.Errorf("%d words", n)
	}
}

func FuzzEstimate(f *testing.F) {
	for _, seed := range []string{"", "password", "aaabbb\n\n", "日本語日本語", "1.1.91", "\x00\xff", "ſſſſ", "İİİİ", strings.Repeat("4@8({[<3691!|0$57+%2", 4)} {
		f.Add(seed, "ann@example.com")
	}
	f.Fuzz(func(t *testing.T, plain, about string) {
		s := Estimate(plain, []string{about})
		if s.Score < 0 || s.Score > 4 || s.Label == "" || !utf8.ValidString(s.Advice) {
			t.Fatalf("%+v", s)
		}
	})
}

// BenchmarkEstimateWorst measures the most expensive input.
func BenchmarkEstimateWorst(b *testing.B) {
	plain := strings.Repeat("s4l7|o1n(8", 8)
	for b.Loop() {
		Estimate(plain, []string{"ann@example.com"})
	}
}
