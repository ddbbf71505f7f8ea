package httpx

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"muster/internal/config"
)

func newTestProxies(proxies, headers []string) *trustedProxies {
	c := config.Default()
	c.ServiceSettings.TrustedProxies, c.ServiceSettings.TrustedProxyIPHeader = proxies, headers
	return newTrustedProxies(c)
}

// If the settings name a header and no proxy, only peers on this machine are trusted, and none in a private network.
func TestTrustedPeers(t *testing.T) {
	for _, c := range []struct {
		proxies, headers []string
		peer             string
		want             bool
	}{
		{nil, nil, "127.0.0.1", false},
		{nil, []string{"X-Real-IP"}, "127.0.0.1", true},
		{nil, []string{"X-Real-IP"}, "::1", true},
		{nil, []string{"X-Real-IP"}, "10.0.0.1", false},
		{nil, []string{"X-Real-IP"}, "203.0.113.7", false},
		{[]string{"10.0.0.0/8"}, nil, "10.0.0.1", true},
		{[]string{"10.0.0.0/8"}, []string{"X-Real-IP"}, "127.0.0.1", false},
		{[]string{"2001:db8::1"}, nil, "2001:db8::1", true},
		{[]string{"2001:db8::1"}, nil, "2001:db8::2", false},
	} {
		if got := newTestProxies(c.proxies, c.headers).contains(netip.MustParseAddr(c.peer)); got != c.want {
			t.Errorf("proxies %v, headers %v: %s is trusted: %v", c.proxies, c.headers, c.peer, got)
		}
	}
}

func TestForwardedAddress(t *testing.T) {
	for element, want := range map[string]string{
		`for=192.0.2.60;proto=http;by=203.0.113.43`:  "192.0.2.60",
		`proto=https;FOR="[2001:db8:cafe::17]:4711"`: "2001:db8:cafe::17",
		`for="192.0.2.60:80"`:                        "192.0.2.60",
		`for="[2001:db8::1]"`:                        "2001:db8::1",
		` for=192.0.2.60 `:                           "192.0.2.60",
		`for="192.0.2.6\0"`:                          "192.0.2.60",
		`for=unknown`:                                "",
		`for=_hidden`:                                "",
		`for="192.0.2.60`:                            "",
		`for=192.0.2.60;for=192.0.2.61`:              "",
		`for`:                                        "",
		`f or=192.0.2.60`:                            "",
		`for="192.0.2.60"x;by=1`:                     "",
		`proto=https`:                                "",
		``:                                           "",
	} {
		got, ok := forwardedAddress(element)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: %v %v, want %q", element, got, ok, want)
		}
	}
}

// Whatever a client sends before what the trusted proxy adds, the address that the proxy added is used.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"", "for=6.6.6.6", `for="`, `for="\`, "for=6.6.6.6, for=10.0.0.1", ",,,", `by="a,b";for=_x`, "for=[::1", strings.Repeat("for=10.0.0.1,", 50)} {
		f.Add(s)
	}
	seen := netip.MustParseAddr("203.0.113.7")
	peer := netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, sent string) {
		for _, header := range []string{headerForwarded, headerXForwardedFor} {
			added := "203.0.113.7"
			if header == headerForwarded {
				added = `for="203.0.113.7:80";proto=https`
			}
			trusted := newTestProxies([]string{"10.0.0.0/8"}, []string{header})
			for _, values := range [][]string{{sent, added}, {sent + ", " + added}} {
				if got := trusted.clientAddr(peer, http.Header{header: values}); got != seen {
					t.Fatalf("%s %q: %v", header, values, got)
				}
			}
			if got := trusted.clientAddr(peer, http.Header{header: {sent}}); !got.IsValid() || got.Zone() != "" {
				t.Fatalf("%s %q: %v", header, sent, got)
			}
		}
	})
}
