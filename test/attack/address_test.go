package attack_test

import (
	"net/http"
	"testing"

	"muster/internal/require"
	"muster/internal/testserver"
)

// A client behind trusted proxies is where the last of them saw it, and nobody else chooses an address.
func TestNobodyChoosesTheirAddress(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t)
		s.Configure(t, `{"ServiceSettings":{"TrustedProxies":["127.0.5.0/24","10.0.0.0/8"],"TrustedProxyIPHeader":["X-Forwarded-For","Forwarded"]}}`)
		for name, c := range map[string]struct{ from, header, value, want string }{
			"from a stranger":               {"127.0.7.9", "X-Forwarded-For", "203.0.113.7", "127.0.7.9"},
			"from a stranger, RFC 7239":     {"127.0.7.9", "Forwarded", "for=203.0.113.7", "127.0.7.9"},
			"from a header nobody named":    {"127.0.5.1", "X-Real-Ip", "203.0.113.7", "127.0.5.1"},
			"through a proxy":               {"127.0.5.1", "X-Forwarded-For", "203.0.113.7", "203.0.113.7"},
			"made up left of it":            {"127.0.5.1", "X-Forwarded-For", "6.6.6.6, 203.0.113.7", "203.0.113.7"},
			"through two proxies":           {"127.0.5.1", "X-Forwarded-For", "6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"},
			"from inside":                   {"127.0.5.1", "X-Forwarded-For", "10.1.2.3", "10.1.2.3"},
			"hidden behind a proxy":         {"127.0.5.1", "X-Forwarded-For", "6.6.6.6, unknown, 10.1.2.3", "10.1.2.3"},
			"IPv6, RFC 7239":                {"127.0.5.1", "Forwarded", `for=6.6.6.6, For="[2001:db8::9]:4711";proto=https`, "2001:db8::9"},
			"an open quote, RFC 7239":       {"127.0.5.1", "Forwarded", `for="6.6.6.6, for=203.0.113.7`, "203.0.113.7"},
			"a text of any length":          {"127.0.5.1", "X-Forwarded-For", "fe80::1%a-zone-that-a-client-made-up", "fe80::1"},
			"no address at all":             {"127.0.5.1", "X-Forwarded-For", "<script>", "127.0.5.1"},
			"an IPv4 address in IPv6's way": {"127.0.5.1", "X-Forwarded-For", "6.6.6.6, ::ffff:203.0.113.7", "203.0.113.7"},
		} {
			if got := login(t, s, clientFrom(c.from), u.Username, testserver.Password, c.header, c.value); got.status != http.StatusOK {
				t.Fatalf("%s: %d %s", name, got.status, got.body)
			}
			audits, err := s.Store.Audits(t.Context(), u.ID, 0, 1)
			require.NoError(t, err)
			if len(audits) != 1 || audits[0].IPAddress != c.want {
				t.Errorf("%s: %+v, want a sign-in from %s", name, audits[0], c.want)
			}
		}
	})
}
