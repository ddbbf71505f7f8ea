package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"muster/internal/server/web"
	"muster/internal/testserver"
)

// counted is a request as metrics tell of it.
type counted struct {
	method, route string
	status        int
}

// What somebody makes up is no label of a metric: there would be no end of them.
func TestMetricsHaveNoLabelsThatAreMadeUp(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	var got []counted
	pages := web.New(web.Options{Services: s.Services, Record: func(method, route string, status int, _ time.Duration) {
		got = append(got, counted{method, route, status})
	}})
	b := (&browser{t, "http://muster.test", &http.Client{Transport: direct{pages}}}).withoutRedirects()
	for _, c := range []struct {
		method, path string
		want         counted
	}{
		{"GET", "/login", counted{"GET", "/login", 200}},
		{"HEAD", "/login", counted{"HEAD", "/login", 200}},
		{"POST", "/login", counted{"POST", "/login", 403}},
		{"PUT", "/login", counted{"other", "/login", 405}},
		{"OPTIONS", "/login", counted{"other", "/login", 405}},
		{"get", "/login", counted{"other", "/login", 405}},
		{"MADE-UP", "/login", counted{"other", "/login", 405}},
		{strings.Repeat("X", 1000), "/nothing", counted{"other", "", 404}},
		{"GET", "/made/up", counted{"GET", "", 404}},
		{"GET", "///login//", counted{"GET", "/login", 200}},
		{"GET", "/login?made=up", counted{"GET", "/login", 200}},
		{"POST", "/account/tokens/revoke?made=up", counted{"POST", "/account/tokens/revoke", 303}},
	} {
		got = nil
		b.do(c.method, c.path, "", "", nil)
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%.20s %s is counted as %v, want %v", c.method, c.path, got, c.want)
		}
	}
}

// An account's history tells on which page something happened, however its address was written.
func TestHistoryHasCleanPaths(t *testing.T) {
	s := testserver.New(t)
	_, me := s.User(t, "ann")
	b := newBrowser(t, s)
	_, form := b.open("/login").fill("Sign in", map[string]string{byName: "ann", "Password": wrongPassword})
	addresses := []string{"/login", "//login", "/login///", strings.Repeat("/", 2000) + "login" + strings.Repeat("/", 2000), "/%2Flogin%2F"}
	for _, path := range addresses {
		b.post(path, form).is(401, "Sign in to Muster")
	}
	history, err := s.Store.Audits(t.Context(), me.ID, 0, 100)
	must(t, err)
	failures := 0
	for _, a := range history {
		if !strings.HasPrefix(a.ExtraInfo, "failure") {
			continue
		}
		if failures++; a.Action != "/login" {
			t.Errorf("a failure at %.40q (%d bytes)", a.Action, len(a.Action))
		}
	}
	if failures != len(addresses) {
		t.Errorf("%d failures are on record, want %d", failures, len(addresses))
	}
}

// Who asks the API and the pages in turn gets no more answers than who asks one of them.
func TestAPIAndPagesShareOneLimit(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, `{"RateLimitSettings":{"Enable":true,"PerSec":1,"MaxBurst":5}}`)
	b := newBrowser(t, s)
	const burst = 5
	answered, start := 0, time.Now()
	for range burst {
		for _, path := range []string{"/api/v4/system/ping", "/login"} {
			switch p := b.open(path); p.status {
			case http.StatusOK:
				answered++
			case http.StatusTooManyRequests:
			default:
				t.Fatalf("%s: %d", path, p.status)
			}
		}
	}
	if most := burst + int(time.Since(start)/time.Second); answered < burst || answered > most { // one more for each second that went by
		t.Errorf("%d requests are answered, want %d", answered, most)
	}
}
