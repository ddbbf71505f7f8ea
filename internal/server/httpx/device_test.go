package httpx

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"muster"
	"muster/internal/auth"
)

const deviceCookieMax = 1500 // bytes, of a header that other cookies share

// renewed returns the tokens that a browser with these cookies has before and after it gets another.
func renewed(t *testing.T, cookies, token string) (before, after []string) {
	t.Helper()
	r := &http.Request{Header: http.Header{"Cookie": {cookies}}}
	before = deviceCookie(r)
	w := httptest.NewRecorder()
	Cookies{devices: before}.SetDevice(w, token)
	set := w.Result().Cookies()
	if len(set) != 1 || len(set[0].Value) > deviceCookieMax {
		t.Fatalf("%v", set)
	}
	next := &http.Request{Header: http.Header{}}
	next.AddCookie(&http.Cookie{Name: set[0].Name, Value: set[0].Value, Quoted: set[0].Quoted})
	return before, deviceCookie(next)
}

func TestABrowserKeepsTheDeviceTokensOfItsLastAccounts(t *testing.T) {
	kept := ""
	var tokens []string
	for _, account := range "abcdefg" {
		token := string(account) + "." + strings.Repeat("x", 200)
		_, tokens = renewed(t, cookieDevice+"="+kept, token)
		kept = strings.Join(tokens, deviceSeparator)
		if tokens[0] != token {
			t.Fatal(tokens)
		}
	}
	if len(tokens) != auth.DeviceTokensKept {
		t.Fatal(tokens)
	}
	_, again := renewed(t, cookieDevice+"="+kept, "f.new")
	if again[0] != "f.new" || len(again) != len(tokens) || slices.Contains(again, tokens[1]) || !slices.Contains(again, tokens[4]) {
		t.Fatal(again)
	}
}

func FuzzDeviceCookie(f *testing.F) {
	for _, value := range []string{"", "~", "a.b.c.d", "a.b.c.d~e.f.g.h", "~~a~~", strings.Repeat("a~", 100), strings.Repeat("a", 9000), `"a b"`, "a;b", "a.b~a.c"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token := muster.NewID() + ".device.time.code"
		before, after := renewed(t, cookieDevice+"="+value, token)
		if len(before) > auth.DeviceTokensKept || !slices.Equal(after, auth.AddDeviceToken(before, token)) {
			t.Fatalf("%q, then %q", before, after)
		}
	})
}
