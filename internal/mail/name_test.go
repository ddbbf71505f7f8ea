package mail

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestNamesHoldNoLinks(t *testing.T) {
	for in, want := range map[string]string{
		"Hikers":                            "Hikers",
		"St. Mary's  Hospital":              "St. Mary's Hospital",
		"Ana Weber":                         "Ana Weber",
		"Win at https://evil.example/x?a=1": "Win at https evil example x?a=1",
		"www.evil.example":                  "www evil example",
		"evil\u3002example":                 "evil example",
		"pay@evil.example":                  "pay evil example",
		"a\r\nBcc: all":                     "a Bcc all",
		"\u202egnp.exe":                     "gnp exe",
		"evil.\u200bexample":                "evil example",
		"Best prices ever for the whole family, call 0900-1234": "Best prices ever for the whole family, call 0900-…",
		"": "",
	} {
		if got := SafeName(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func FuzzName(f *testing.F) {
	f.Add("Win at https://evil.example")
	f.Fuzz(func(t *testing.T, in string) {
		got := SafeName(in)
		if utf8.RuneCountInString(got) > maxSafeName || strings.Contains(got, "://") || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q is shown as %q", in, got)
		}
		for i, r := range got {
			if rest := got[i+utf8.RuneLen(r):]; isDot(r) && rest != "" && rest[0] != ' ' {
				t.Errorf("%q is shown as %q", in, got)
			}
		}
	})
}
