package muster

import (
	"slices"
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := slices.Values([]string{"", "SiteName", "SiteURL", "SMTPServer", "TLS"})
	for _, tc := range []struct{ written, want string }{
		{"SiteName", "SiteName"},
		{"sitename", "SiteName"},
		{"SitName", "SiteName"},
		{"SiteUrl", "SiteURL"},
		{"SMTPSrever", "SMTPServer"},
		{"TSL", ""}, // two of three letters
		{"TLSX", "TLS"},
		{"", ""},
		{"Nothing", ""},
		{strings.Repeat("SiteName", 1000), ""},
	} {
		if got := Nearest(tc.written, names); got != tc.want {
			t.Errorf("%.20q: %q, want %q", tc.written, got, tc.want)
		}
	}
	if got := Suggest("sitename", names); got != "; did you mean SiteName?" {
		t.Errorf("%q", got)
	}
	if got := Suggest("Nothing", names); got != "" {
		t.Errorf("%q", got)
	}
}
