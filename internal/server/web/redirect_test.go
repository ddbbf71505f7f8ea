package web_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"muster/internal/server/web"
	"muster/internal/testserver"
)

// toOthers are addresses that lead to another site in some browser, or that only look like a path.
var toOthers = []string{
	"", "https://evil.example", "http://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example",
	"javascript:alert(1)", "data:text/html,x", "evil.example", "account", "?a=b", "#x", "/a//evil.example", "/.//evil.example", "/..//evil.example",
	"/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "/a\r\nSet-Cookie: a=b", "/\x00", "/\xff", "/\u0085x",
	"/\u2028/evil.example", "/%zz", "http:/evil.example", "http:evil.example", "/a\\b", "https:///evil.example", "/" + strings.Repeat("a", 2048),
}

func TestReturnTo(t *testing.T) {
	for _, asked := range toOthers {
		if got := web.LocalURL(asked); got != "" {
			t.Errorf("%q leads to %q", asked, got)
		}
	}
	for asked, want := range map[string]string{
		"/":                          "/",
		"/account":                   "/account",
		"/team/channels/x?a=b&c=d#e": "/team/channels/x?a=b&c=d#e",
		"/x?to=https://evil.example": "/x?to=https://evil.example",
		"/%2Fevil.example":           "/%2Fevil.example",
		"/%5Cevil.example":           "/%5Cevil.example",
		"/@evil.example":             "/@evil.example",
		"/:80":                       "/:80",
		"/é":                         "/%C3%A9",
		"/x?q=é#é":                   "/x?q=%C3%A9#%C3%A9",
	} {
		if got := web.LocalURL(asked); got != want {
			t.Errorf("%q leads to %q, want %q", asked, got, want)
		}
	}
}

func FuzzReturnTo(f *testing.F) {
	for _, asked := range toOthers {
		f.Add(asked)
	}
	f.Add("/a/b?c=d#e")
	f.Add("/#//")
	f.Add("//#/#//")
	here, err := url.Parse("https://site.example/login")
	must(f, err)
	f.Fuzz(func(t *testing.T, asked string) {
		got := web.LocalURL(asked)
		if got == "" {
			return
		}
		to, err := here.Parse(got)
		if err != nil || to.Scheme != "https" || to.Host != here.Host || to.User != nil {
			t.Fatalf("%q leads to %q: %v", asked, got, err)
		}
		if got[0] != '/' || strings.Contains(to.EscapedPath(), "//") || strings.ContainsFunc(got, func(r rune) bool { return r == '\\' || r > unicode.MaxASCII || unicode.IsControl(r) }) {
			t.Fatalf("%q leads to %q", asked, got)
		}
	})
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	const own = "/account?x=1"
	for _, asked := range append([]string{own}, toOthers...) {
		want := "/account"
		if asked == own {
			want = own
		}
		b := newBrowser(t, s)
		page := "/login?" + url.Values{"redirect_to": {asked}}.Encode()
		form := b.open(page)
		if !utf8.ValidString(asked) || strings.ContainsRune(asked, 0) {
			form.is(400, "That didn't work")
			continue
		}
		action, fields := form.is(200, "Sign in to Muster").fill("Sign in", map[string]string{byName: "admin", "Password": testserver.Password})
		fields.Set("redirect_to", asked) // whatever the form has made of it
		if p := b.withoutRedirects().post(action, fields); p.status != 303 || p.header.Get("Location") != want {
			t.Errorf("%q: %d %q", asked, p.status, p.header.Get("Location"))
		}
		b.signedInAs(s, "admin")
		if p := b.withoutRedirects().open(page); p.status != 303 || p.header.Get("Location") != want {
			t.Errorf("signed in, %q: %d %q", asked, p.status, p.header.Get("Location"))
		}
	}
}
