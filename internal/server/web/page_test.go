package web_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"muster"
	"muster/internal/server/web"
	"muster/internal/testserver"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// clean checks what holds for every page: its headers, no code or style of its own, a language, one heading, a title, labels and described fields.
func clean(t *testing.T, name string, p *response) {
	t.Helper()
	for header, want := range map[string]string{
		"Content-Security-Policy": policy, "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8",
	} {
		if got := p.header.Get(header); got != want {
			t.Errorf("%s: %s is %q", name, header, got)
		}
	}
	if !muster.ValidID(p.header.Get("X-Request-Id")) {
		t.Errorf("%s: no request id", name)
	}
	ids := map[string]bool{}
	for n := range p.doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" && ids[id] {
			t.Errorf("%s: two elements are %q", name, id)
		} else {
			ids[id] = true
		}
		if n.Data == "style" || n.Data == "script" && (n.FirstChild != nil || !strings.HasPrefix(attr(n, "src"), "/")) {
			t.Errorf("%s: inline %s", name, n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
				t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
			}
		}
	}
	labels := map[string]bool{}
	for _, l := range all(p.doc, "label") {
		labels[attr(l, "for")] = true
	}
	for _, in := range all(p.doc, "input") {
		if attr(in, "type") != "hidden" && !labels[attr(in, "id")] {
			t.Errorf("%s: the field %s has no label", name, attr(in, "name"))
		}
		for id := range strings.FieldsSeq(attr(in, "aria-describedby")) {
			if !ids[id] {
				t.Errorf("%s: the field %s is described by %q, which is nowhere", name, attr(in, "name"), id)
			}
		}
	}
	for _, f := range all(p.doc, "form") {
		keys := 0
		for _, in := range all(f, "input") {
			if attr(in, "name") == "csrf" && attr(in, "value") != "" {
				keys++
			}
		}
		if attr(f, "method") != "post" || keys != 1 {
			t.Errorf("%s: the form to %s has %d keys", name, attr(f, "action"), keys)
		}
	}
	if n := len(all(p.doc, "h1")); n != 1 || attr(all(p.doc, "html")[0], "lang") != "en" || len(all(p.doc, "main", "header", "footer")) != 3 ||
		!strings.HasPrefix(p.text("title"), p.text("h1")) {
		t.Errorf("%s: the page's frame: %s", name, p.body)
	}
}

// everyPage are pages that whoever is signed in as signedIn, or nobody for "", may open.
var everyPage = map[string]string{
	"/login": "", "/signup_user_complete": "", "/should_verify_email": "", "/do_verify_email?token=" + unknownToken: "", "/do_verify_email": "",
	"/reset_password": "", "/reset_password_complete?token=" + unknownToken: "", "/reset_password_complete": "", "/terms": "", "/unlock?token=" + unknownToken: "", "/unlock": "", "/nothing/here": "",
	"/account": "admin", "/signup_user_complete?t=" + unknownToken: "admin",
}

func TestEveryPageIsClean(t *testing.T) {
	s := testserver.New(t)
	admin, _ := s.Admin(t)
	s.Configure(t, `{"TeamSettings":{"EnableOpenServer":true}}`)
	stranger, member := newBrowser(t, s), newBrowser(t, s)
	member.signIn("admin")
	s.Configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnabled":true}}`)
	_, err := admin.CreateTerms(t.Context(), "Be kind.")
	must(t, err)
	for path, who := range everyPage {
		b := stranger
		if who != "" {
			b = member
		}
		p := b.open(path)
		if p.path != path {
			t.Errorf("%s led to %s", path, p.path)
		}
		clean(t, path, p)
		head := b.withoutRedirects().do("HEAD", path, "", "", nil)
		if head.status != p.status || head.body != "" || head.header.Get("Content-Security-Policy") != policy {
			t.Errorf("HEAD %s: %d, GET %d", path, head.status, p.status)
		}
	}
	clean(t, "no form", stranger.post("/login", nil))
	clean(t, "method", stranger.do("PUT", "/login", "", "", nil))
}

func TestOddRequestsAreRefusedAsPages(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	b := newBrowser(t, s).withoutRedirects()
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "LOGIN"} {
		for path, allow := range map[string]string{"/login": "GET, HEAD, POST", "/logout": "POST", "/": "GET, HEAD", "/static/nothing": ""} {
			p := b.do(method, path, "", "", nil)
			want := 405
			if allow == "" {
				want = 404
			}
			if p.status != want || p.header.Get("Allow") != allow {
				t.Errorf("%s %s: %d, Allow %q", method, path, p.status, p.header.Get("Allow"))
			}
		}
	}
	if p := b.open("/logout"); p.status != 405 {
		t.Errorf("GET of what only takes POST: %d", p.status)
	}
	for _, path := range []string{
		"/%00", "/%ff", "/%2e%2e/%2e%2e/etc/passwd", "/static/../web.go", "/static/app.css", "/static/", "/static", "/static/README.md", "/login%2f", "/login;x",
		"/login?%zz", "/login?redirect_to=%ff", "/login?a=%00", "/signup_user_complete?t=%00", "/signup_user_complete?t=" + unknownToken, "/signup_user_complete?id=x",
		"/signup_user_complete?id=" + strings.Repeat("x", 5000), "/do_verify_email?token=%F0%28", "/api", "/LOGIN", "/index.php", "/login/x", "/account/none",
	} {
		if p := b.open(path); p.status >= 500 {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	for path, want := range map[string]string{"/": "/login", "//": "/login", "/account?a=b": "/login?redirect_to=%2Faccount%3Fa%3Db"} {
		if p := b.open(path); p.status != 303 || p.header.Get("Location") != want {
			t.Errorf("%s leads to %d %q", path, p.status, p.header.Get("Location"))
		}
	}
	for _, path := range []string{"/login/", "/reset_password/"} {
		if p := b.open(path); p.status != 200 {
			t.Errorf("%s: %d", path, p.status)
		}
	}
}

var mimes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func TestFilesOfThePagesAreKeptByBrowsers(t *testing.T) {
	s := testserver.New(t)
	b := newBrowser(t, s)
	p := b.open("/login")
	var files []string
	for _, n := range all(p.doc, "script", "link") {
		files = append(files, attr(n, "src")+attr(n, "href"))
	}
	if len(files) != 4 {
		t.Fatalf("%q", files)
	}
	for _, f := range files {
		got := b.open(f)
		if got.status != 200 || got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || got.header.Get("X-Content-Type-Options") != "nosniff" || got.body == "" {
			t.Errorf("%s: %d %v", f, got.status, got.header)
		}
		if mime := got.header.Get("Content-Type"); mime != mimes[path.Ext(f)] {
			t.Errorf("%s is %q", f, mime)
		}
		if got := b.do("POST", f, "", "", nil); got.status != 405 {
			t.Errorf("POST %s: %d", f, got.status)
		}
	}
}

// SiteURL may have a path; a proxy strips it or not.
func TestTheSiteMayLiveBelowAPath(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	s.Configure(t, `{"ServiceSettings":{"SiteURL":"`+s.URL+`/muster"},"TeamSettings":{"EnableOpenServer":true}}`)
	for _, prefix := range []string{"/muster", ""} {
		p := newBrowser(t, s).open(prefix+"/login").is(200, "Sign in to Muster")
		for _, n := range all(p.doc, "a", "form", "link", "script") {
			for _, name := range []string{"href", "action", "src"} {
				if to := attr(n, name); to != "" && !strings.HasPrefix(to, "/muster/") && !strings.HasPrefix(to, "#") {
					t.Errorf("%s/login leads to %s", prefix, to)
				}
			}
		}
	}
	b := newBrowser(t, s)
	if p := b.open("/muster"); p.path != "/muster/login" {
		t.Fatal(p.path)
	}
	if p := b.open("/muster/account"); p.path != "/muster/login?redirect_to=%2Fmuster%2Faccount" {
		t.Fatal(p.path)
	}
	p := b.submit(b.open("/muster/login"), "Sign in", map[string]string{"Username or email address": "admin", "Password": testserver.Password})
	if p.path != "/muster/account" {
		t.Fatal(p.path)
	}
	if p := b.open("/musterly/login"); p.status != 404 {
		t.Fatal(p.status)
	}
}

func TestTheAPIAnswersBelowTheSitesPathToo(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	s.Configure(t, `{"ServiceSettings":{"SiteURL":"`+s.URL+`/muster"}}`)
	b := newBrowser(t, s)
	for path, want := range map[string]struct {
		status int
		mime   string
	}{
		"/muster/api/v4/system/ping": {200, "application/json"}, "/api/v4/system/ping": {200, "application/json"},
		"/muster/api/v4/users/me": {401, "application/json"}, "/muster/api/v4/users/username/%2e%2e%2fx": {401, "application/json"},
		"/muster/muster/api/v4/system/ping": {404, "text/html; charset=utf-8"}, "/musterly/api/v4/system/ping": {404, "text/html; charset=utf-8"},
		"/muster//api/v4/system/ping": {404, "text/html; charset=utf-8"}, "/other/api/v4/system/ping": {404, "text/html; charset=utf-8"},
		"/muster/api": {404, "text/html; charset=utf-8"},
	} {
		if p := b.open(path); p.status != want.status || p.header.Get("Content-Type") != want.mime {
			t.Errorf("%s: %d %s", path, p.status, p.header.Get("Content-Type"))
		}
	}
}

func TestAPanicBecomesAPage(t *testing.T) {
	s := testserver.New(t)
	var log bytes.Buffer
	pages := web.New(web.Options{Services: s.Services, Log: slog.New(slog.NewTextHandler(&log, nil))})
	pages.PanicPage("/boom", errors.New("a secret of the program"))
	b := &browser{t, "http://muster.test", &http.Client{Transport: direct{pages}}}
	p := b.open("/boom").is(500, "Something went wrong")
	if strings.Contains(p.body, "a secret") || !strings.Contains(p.body, p.header.Get("X-Request-Id")) {
		t.Fatal(p.body)
	}
	clean(t, "panic", p)
	if !strings.Contains(log.String(), "a secret") || !strings.Contains(log.String(), p.header.Get("X-Request-Id")) {
		t.Fatal(log.String())
	}
}

// An error comes without the good news that somebody put into its address.
func TestNoticesAreNotOnErrors(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	b := newBrowser(t, s)
	const news = "You've joined the team."
	b.open("/login?notice=joined").is(200, "Sign in to Muster").says(news)
	for path, heading := range map[string]string{
		"/nothing?notice=joined": "Page not found", "/signup_user_complete?notice=joined": "You can't do this",
		"/do_verify_email?notice=joined": "Confirm your email address",
	} {
		if p := b.open(path); p.status < 400 || p.text("h1") != heading || strings.Contains(p.body, news) {
			t.Errorf("%s: %d %s", path, p.status, p.text("main"))
		}
	}
}

func TestPagesAreLimitedAsTheAPIIs(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	s.Configure(t, `{"RateLimitSettings":{"Enable":true,"PerSec":1,"MaxBurst":3}}`)
	b := newBrowser(t, s)
	refused := 0
	for range 8 {
		if p := b.open("/login"); p.status == 429 {
			refused++
			p.is(429, "Too many requests")
			if p.header.Get("Retry-After") == "" {
				t.Fatal("it does not say when to come back")
			}
		}
	}
	if refused == 0 {
		t.Fatal("nothing was refused")
	}
}
