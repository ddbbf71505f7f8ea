package network_test

import (
	"testing"

	"muster/internal/network"
)

func TestOf(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1":              "192.0.2.1",
		"::ffff:192.0.2.1":       "192.0.2.1",
		"2001:db8:1:2:3:4:5:6":   "2001:db8:1:2::/64",
		"2001:db8:1:2::":         "2001:db8:1:2::/64",
		"fe80::1%eth0":           "fe80::/64",
		"127.0.0.1":              "127.0.0.1",
		"":                       "local",
		"@":                      "local",
		"192.0.2.1:80":           "local",
		"some.host.example":      "local",
		"2001:db8:1:3:3:4:5:6":   "2001:db8:1:3::/64",
		"2001:db8:1:3:ffff::%en": "2001:db8:1:3::/64",
	} {
		n := network.Of(address)
		if n.String() != want || n.IsZero() != (want == "local") {
			t.Errorf("Of(%q) = %v, want %s", address, n, want)
		}
	}
	if network.Of("2001:db8::1") != network.Of("2001:db8::2") || network.Of("10.0.0.1") == network.Of("10.0.0.2") {
		t.Error("addresses of one network differ, or addresses of two networks are equal")
	}
}

func TestSite(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "2001:db8:1:2::1": "2001:db8:1::/48", "": "local",
	} {
		if got := network.Of(address).Site().String(); got != want {
			t.Errorf("the site of %q is %s, want %s", address, got, want)
		}
	}
}
