package attack_test

import (
	"net/http"
	"strings"
	"testing"

	"muster/internal/require"
	"muster/internal/testserver"
)

// The session's cookies are for a site of TLS alone, whatever the connection to its proxy is, and not for other sites' requests.
func TestCookiesBelongToTheSite(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t)
		c := clientFrom("127.0.15.1")
		attributes := func(what string, secure, lax bool, headers ...string) {
			t.Helper()
			got := login(t, s, c, u.Username, testserver.Password, append(headers, "X-Requested-With", "XMLHttpRequest")...)
			set := got.header.Values("Set-Cookie")
			if got.status != http.StatusOK || len(set) != 3 {
				t.Fatalf("%s: %d %q", what, got.status, set)
			}
			for _, ck := range set {
				if strings.Contains(ck, "; Secure") != secure || strings.Contains(ck, "; SameSite=Lax") != lax {
					t.Errorf("%s: %s", what, ck)
				}
			}
		}
		attributes("a program", false, false)
		attributes("a browser", false, true, "Origin", s.URL)
		attributes("somebody who claims TLS", false, false, "X-Forwarded-Proto", "https")
		s.Configure(t, `{"ServiceSettings":{"TrustedProxies":["127.0.15.1"]}}`)
		attributes("behind a proxy with TLS", true, false, "X-Forwarded-Proto", "https")
		s.Configure(t, `{"ServiceSettings":{"SiteURL":"https://people.example.com"}}`)
		attributes("a site of TLS", true, true)
		s.Configure(t, `{"ServiceSettings":{"AllowCorsFrom":"https://app.example.com"}}`)
		attributes("with another site's pages", true, false)
	})
}

// Nobody is signed out by a form of another site.
func TestAnotherSiteSignsNobodyOut(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, _ := s.Admin(t)
		cookie := "MMAUTHTOKEN=" + admin.Token()
		logout := func(headers ...string) *answer {
			got, err := send(t.Context(), clientFrom("127.0.15.2"), http.MethodPost, s.URL+"/api/v4/users/logout", nil, headers...)
			require.NoError(t, err)
			return got
		}
		for name, headers := range map[string][]string{
			"a form with the cookie":                  {"Cookie", cookie, "Origin", "https://evil.example"},
			"a form with the cookie, Fetch metadata":  {"Cookie", cookie, "Sec-Fetch-Site", "cross-site"},
			"a form without the cookie (SameSite)":    {"Origin", "https://evil.example"},
			"a form of nobody's page":                 {"Origin", "null"},
			"a form with a wrong token":               {"Cookie", cookie, "X-CSRF-Token", "x", "Sec-Fetch-Site", "same-site"},
			"a cookie alone, which proves no program": {"Cookie", cookie},
		} {
			got := logout(headers...)
			if got.status != http.StatusForbidden || len(got.header.Values("Set-Cookie")) != 0 {
				t.Errorf("%s: %d, cookies %q", name, got.status, got.header.Values("Set-Cookie"))
			}
		}
		if _, err := admin.Me(t.Context()); err != nil {
			t.Fatal("somebody was signed out:", err)
		}
		for name, proof := range map[string][]string{
			"the published client": {"X-Requested-With", "XMLHttpRequest"}, "a page of ours": {"Sec-Fetch-Site", "same-origin"}, "an older browser": {"Origin", s.URL},
		} {
			c, _ := s.SignIn(t, "admin")
			if got := logout(append(proof, "Cookie", "MMAUTHTOKEN="+c.Token())...); got.status != http.StatusOK {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
			if _, err := c.Me(t.Context()); err == nil {
				t.Errorf("%s is still signed in", name)
			}
		}
		if got := logout("Authorization", "Bearer "+admin.Token()); got.status != http.StatusOK {
			t.Errorf("a program: %d %s", got.status, got.body)
		}
	})
}
