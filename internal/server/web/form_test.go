package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"muster"
	"muster/internal/server/httpx"
	"muster/internal/server/web"
	"muster/internal/testserver"
)

const sameOrigin, urlencoded = "same-origin", "application/x-www-form-urlencoded"

// Forms that no page of ours sent: each is refused, and nothing comes of it.
func TestForeignFormsChangeNothing(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, me := s.Admin(t)
		b := newBrowser(t, s)
		action, fields := b.open("/login").fill("Sign in", map[string]string{"Username or email address": "admin", "Password": testserver.Password})
		other := newBrowser(t, s).open("/login").value("csrf")
		with := func(key string) url.Values {
			f := url.Values{}
			for name := range fields {
				f.Set(name, fields.Get(name))
			}
			if f.Set("csrf", key); key == "" {
				f.Del("csrf")
			}
			return f
		}
		own := fields.Get("csrf")
		for name, c := range map[string]struct {
			key    string
			header http.Header
		}{
			"no key":               {"", http.Header{"Sec-Fetch-Site": {sameOrigin}}},
			"half a key":           {own[:13], http.Header{"Sec-Fetch-Site": {sameOrigin}}},
			"another's key":        {other, http.Header{"Sec-Fetch-Site": {sameOrigin}}},
			"another site":         {own, http.Header{"Sec-Fetch-Site": {"cross-site"}}},
			"a neighbour":          {own, http.Header{"Sec-Fetch-Site": {"same-site"}}},
			"another site, before": {own, http.Header{"Origin": {"https://evil.example"}}},
			"a page of no site":    {own, http.Header{"Origin": {"null"}}},
		} {
			p := b.do("POST", action, urlencoded, with(c.key).Encode(), c.header)
			if p.status != 403 || !strings.Contains(p.body, "nothing was changed") {
				t.Errorf("%s: %d\n%s", name, p.status, p.body)
			}
		}
		b.signedInAs(s, "")
		if list, err := s.Store.Sessions(t.Context(), me.ID); err != nil || len(list) != 1 {
			t.Fatalf("%d sessions: %v", len(list), err)
		}

		b.post(action, fields)
		b.signedInAs(s, "admin")
		page := b.open("/account")
		action, out := page.fill("Sign out", nil)
		for name, key := range map[string]string{"no key": "", "the key of before": own, "another's key": other} {
			out.Set("csrf", key)
			if p := b.post(action, out); p.status != 403 {
				t.Errorf("sign out with %s: %d", name, p.status)
			}
		}
		b.signedInAs(s, "admin")
		b.submit(page, "Sign out", nil).is(200, "Sign in to Muster").says("You've signed out.")
		b.signedInAs(s, "")
	})
}

// Behind a proxy the browser's host is SiteURL's and not the one that we are asked for.
func TestFormsOfTheSiteBehindAProxy(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, `{"ServiceSettings":{"SiteURL":"https://people.example:8443"}}`)
	b := newBrowser(t, s)
	for origin, want := range map[string]int{"https://people.example:8443": 200, "https://people.example": 403, "http://people.example:8443": 403} {
		action, fields := b.open("/reset_password").fill("Send me a link", map[string]string{"Email address": "a@example.com"})
		if p := b.do("POST", action, urlencoded, fields.Encode(), http.Header{"Origin": {origin}}); p.status != want {
			t.Errorf("%s: %d", origin, p.status)
		}
	}
}

func TestFormsAreBounded(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	b := newBrowser(t, s)
	key := b.open("/login").value("csrf")
	big := url.Values{"csrf": {key}, "login_id": {strings.Repeat("x", 10<<20)}}.Encode()
	b.do("POST", "/login", urlencoded, big, nil).is(413, "Too large")
	b.do("POST", "/password_strength", urlencoded, big, nil).is(413, "Too large")
	just := url.Values{"csrf": {key}, "login_id": {""}, "password": {"x"}}
	just.Set("login_id", strings.Repeat("x", httpx.SmallBody-len(just.Encode())))
	if p := b.post("/login", just); p.status != 401 {
		t.Fatalf("a form of just the size that is allowed: %d", p.status)
	}
	just.Set("login_id", just.Get("login_id")+"x")
	if p := b.post("/login", just); p.status != 413 {
		t.Fatalf("a form of a byte more: %d", p.status)
	}
}

func TestFormsThatAreNone(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	b := newBrowser(t, s)
	key := b.open("/login").value("csrf")
	for name, c := range map[string]struct {
		mime, body string
		status     int
	}{
		"JSON":          {"application/json", `{"csrf":"` + key + `"}`, 403},
		"no type":       {"", "csrf=" + key, 403},
		"a broken type": {"text/;;;", "csrf=" + key, 400},
		"broken escape": {urlencoded, "csrf=" + key + "&login_id=%zz", 400},
		"NUL":           {urlencoded, "csrf=" + key + "&login_id=%00&password=x", 400},
		"no UTF-8":      {urlencoded, "csrf=" + key + "&login_id=%ff&password=x", 400},
		"no UTF-8 name": {urlencoded, "csrf=" + key + "&%ff=%ff", 400},
		"nothing":       {urlencoded, "", 403},
	} {
		if p := b.do("POST", "/login", c.mime, c.body, nil); p.status != c.status {
			t.Errorf("%s: %d\n%s", name, p.status, p.body)
		}
	}
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	must(t, m.WriteField("csrf", key))
	must(t, m.Close())
	if p := b.do("POST", "/login", m.FormDataContentType(), body.String(), nil); p.status != 403 {
		t.Errorf("a multipart form where none is taken: %d", p.status)
	}
}

// What somebody wrote is text wherever it is shown again.
func TestWhatIsShownAgainIsText(t *testing.T) {
	s := testserver.New(t)
	admin, _ := s.Admin(t)
	s.Configure(t, `{"TeamSettings":{"EnableOpenServer":true,"SiteName":"<b>S</b>\"'"},"SupportSettings":{"CustomTermsOfServiceEnabled":true}}`)
	const script = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
	_, err := admin.CreateTerms(t.Context(), script)
	must(t, err)
	team, err := admin.CreateTeam(t.Context(), &muster.Team{Name: "hikers", DisplayName: "<script>alert(1)</script>", Type: muster.TeamOpen})
	must(t, err)
	b := newBrowser(t, s)
	login := b.open("/login?" + url.Values{"redirect_to": {"/" + script}, "notice": {script}}.Encode())
	signup := b.open("/signup_user_complete")
	for name, p := range map[string]*response{
		"sign-in":         login,
		"refused sign-in": b.submit(login, "Sign in", map[string]string{"Username or email address": script, "Password": script}),
		"refused sign-up": b.submit(signup, "Create account", map[string]string{"Email address": script, "Username": script, "Password": script}),
		"verify":          b.open("/do_verify_email?" + url.Values{"token": {unknownToken}, "email": {script}}.Encode()),
		"verify, no link": b.open("/do_verify_email?" + url.Values{"token": {script}, "email": {script}}.Encode()),
		"resend":          b.open("/should_verify_email?" + url.Values{"email": {script}}.Encode()),
		"reset":           b.open("/reset_password_complete?" + url.Values{"token": {script}}.Encode()),
		"terms":           b.open("/terms"),
		"team":            b.open("/signup_user_complete?" + url.Values{"id": {team.InviteID}}.Encode()),
		"no team":         b.open("/signup_user_complete?" + url.Values{"id": {script}}.Encode()),
		"nowhere":         b.open("/" + url.PathEscape(script)),
	} {
		clean(t, name, p)
		if strings.Contains(p.body, "<b>S") {
			t.Errorf("%s: the site's name is markup", name)
		}
	}
	// The fields keep their values, the secrets don't.
	p := b.submit(signup, "Create account", map[string]string{"Email address": "nobody", "Username": "ann", "Password": "a secret of mine"}).is(400, "Create your account")
	if p.value("username") != "ann" || p.value("email") != "nobody" || strings.Contains(p.body, "a secret of mine") {
		t.Fatal(p.body)
	}
}

// A form with a file: its fields come first and are bounded, and only then is the file read, by whom it is for.
func TestUploads(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	s.Configure(t, `{"FileSettings":{"MaxProfileImageSize":1024}}`)
	pages := web.New(web.Options{Services: s.Services})
	pages.UploadPage("/upload", "image")
	jar, err := cookiejar.New(nil)
	must(t, err)
	b := &browser{t, "http://muster.test", &http.Client{Transport: direct{pages}, Jar: jar}}
	key := b.open("/login").value("csrf")
	const file = "file"
	upload := func(parts ...[2]string) *response {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		for _, p := range parts {
			write := m.CreateFormField
			if p[0] == "image" {
				write = func(name string) (io.Writer, error) { return m.CreateFormFile(name, "a.png") }
			}
			w, err := write(p[0])
			must(t, err)
			_, err = io.WriteString(w, p[1])
			must(t, err)
		}
		must(t, m.Close())
		return b.do("POST", "/upload", m.FormDataContentType(), body.String(), nil)
	}
	own := [2]string{"csrf", key}
	for name, c := range map[string]struct {
		got    *response
		status int
		says   string
	}{
		"as it should be":   {upload(own, [2]string{"x", "y"}, [2]string{"image", file}), 200, "y 4"},
		"no file":           {upload(own, [2]string{"x", "y"}), 200, "y none"},
		"no key":            {upload([2]string{"image", file}), 403, "nothing was changed"},
		"the key too late":  {upload([2]string{"image", file}, own), 403, "nothing was changed"},
		"a long field":      {upload(own, [2]string{"x", strings.Repeat("y", web.FormMax)}), 413, "more than this site accepts"},
		"many fields":       {upload(slices.Repeat([][2]string{own}, 101)...), 400, "read this form"},
		"a large file":      {upload(own, [2]string{"image", strings.Repeat("x", 2<<20)}), 413, "more than this site accepts"},
		"no multipart form": {b.do("POST", "/upload", urlencoded, "csrf="+key, nil), 400, "read this form"},
		"a broken one":      {b.do("POST", "/upload", "multipart/form-data; boundary=x", "--x\r\nno header", nil), 400, "read this form"},
	} {
		if c.got.status != c.status || !strings.Contains(c.got.body, c.says) {
			t.Errorf("%s: %d\n%s", name, c.got.status, c.got.body)
		}
	}
}
