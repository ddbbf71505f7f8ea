package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"muster"
	"muster/internal/testserver"
)

// browser is somebody without scripts: it keeps cookies, follows redirects and finds fields by their labels.
type browser struct {
	t    testing.TB
	base string
	http *http.Client
}

func newBrowser(t testing.TB, s *testserver.Server) *browser {
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t, s.URL, &http.Client{Jar: jar}}
}

// sight is what a browser got.
type response struct {
	t      testing.TB
	status int
	header http.Header
	path   string // with the query, after redirects
	body   string
	doc    *html.Node
}

func (b *browser) open(path string) *response { return b.do("GET", path, "", "", nil) }

func (b *browser) do(method, path, contentType, body string, header http.Header) *response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	must(b.t, err)
	for name, values := range header {
		req.Header[name] = values
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := b.http.Do(req)
	must(b.t, err)
	text, err := io.ReadAll(resp.Body)
	must(b.t, err)
	must(b.t, resp.Body.Close())
	doc, err := html.Parse(strings.NewReader(string(text)))
	must(b.t, err)
	return &response{b.t, resp.StatusCode, resp.Header, resp.Request.URL.RequestURI(), string(text), doc}
}

// stay returns a browser with the same cookies that goes nowhere by itself.
func (b *browser) withoutRedirects() *browser {
	stays := *b.http
	stays.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{b.t, b.base, &stays}
}

// later is the same browser in an hour (codesLater), when its sessions are not fresh any more. Cookies don't know ports, so the server of then has those of now.
func (b *browser) anHourLater(s *testserver.Server) *browser {
	node := s.Node(b.t, func() time.Time { return time.Now().Add(time.Hour) })
	return &browser{b.t, node.URL, b.http}
}

// codesLater are the time steps of one-time codes that lie between now and later.
const codesLater = int(time.Hour / (30 * time.Second))

// submit fills in the form that has a button of this text and sends it; fields are by label.
func (b *browser) submit(at *response, button string, fields map[string]string) *response {
	b.t.Helper()
	action, form := at.fill(button, fields)
	return b.post(action, form)
}

func (b *browser) post(path string, form url.Values) *response {
	b.t.Helper()
	return b.do("POST", path, "application/x-www-form-urlencoded", form.Encode(), http.Header{"Sec-Fetch-Site": {"same-origin"}})
}

// fill returns where the form with this button goes to, and what it sends.
func (p *response) fill(button string, fields map[string]string) (action string, form url.Values) {
	p.t.Helper()
	f := p.form(button)
	form = url.Values{}
	for _, in := range all(f, "input", "button") {
		name := attr(in, "name")
		if attr(in, "type") == "checkbox" && !hasAttr(in, "checked") {
			continue
		}
		if name != "" && (in.Data == "input" || textOf(in) == button) {
			form.Set(name, attr(in, "value"))
		}
	}
	for label, value := range fields {
		name := p.labelled(f, label)
		form.Set(name, value)
	}
	return attr(f, "action"), form
}

func (p *response) form(button string) *html.Node {
	p.t.Helper()
	for _, f := range all(p.doc, "form") {
		if slices.ContainsFunc(all(f, "button"), func(n *html.Node) bool { return textOf(n) == button }) {
			return f
		}
	}
	p.t.Fatalf("no form has a button %q:\n%s", button, p.body)
	return nil
}

func (p *response) labelled(form *html.Node, label string) string {
	p.t.Helper()
	for _, l := range all(form, "label") {
		if textOf(l) != label {
			continue
		}
		for _, in := range all(form, "input") {
			if attr(in, "id") == attr(l, "for") {
				return attr(in, "name")
			}
		}
	}
	p.t.Fatalf("no field is labelled %q:\n%s", label, p.body)
	return ""
}

// value is what the field of a name holds.
func (p *response) value(name string) string {
	for _, in := range all(p.doc, "input") {
		if attr(in, "name") == name {
			return attr(in, "value")
		}
	}
	return ""
}

// is checks which page it is.
func (p *response) is(status int, heading string) *response {
	p.t.Helper()
	if got := p.text("h1"); p.status != status || got != heading {
		p.t.Fatalf("%s answered %d %q, want %d %q:\n%s", p.path, p.status, got, status, heading, p.text("main"))
	}
	return p
}

// says checks what the page tells of the last form: good or bad news.
func (p *response) says(news string) *response {
	p.t.Helper()
	for _, n := range all(p.doc, "p") {
		if role := attr(n, "role"); (role == "alert" || role == "status" || attr(n.Parent, "role") == "status") && strings.Contains(textOf(n), news) {
			return p
		}
	}
	p.t.Fatalf("%s does not say %q:\n%s", p.path, news, p.text("main"))
	return nil
}

func (p *response) has(link string) bool {
	return slices.ContainsFunc(all(p.doc, "a", "button"), func(n *html.Node) bool { return textOf(n) == link })
}

func (p *response) text(tag string) string {
	if found := all(p.doc, tag); len(found) > 0 {
		return textOf(found[0])
	}
	return ""
}

// all finds the elements with one of the tags.
func all(n *html.Node, tags ...string) (found []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && slices.Contains(tags, d.Data) {
			found = append(found, d)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// cookie is the value of a cookie that the browser has, "" for none.
func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.base)
	must(b.t, err)
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// signIn signs an account in that mustertest made.
func (b *browser) signIn(name string) *response {
	b.t.Helper()
	return b.submit(b.open("/login"), "Sign in", map[string]string{"Username or email address": name, "Password": testserver.Password})
}

// signedInAs checks whose session the browser has, "" for none.
func (b *browser) signedInAs(s *testserver.Server, name string) {
	b.t.Helper()
	got := ""
	if token := b.cookie("MMAUTHTOKEN"); token != "" {
		if _, u, err := s.Services.Auth.Authenticate(b.t.Context(), token); err == nil {
			got = u.Username
		}
	}
	if got != name {
		b.t.Fatalf("signed in as %q, want %q", got, name)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// nowhere is the form of a token that no link ever had.
var unknownToken = strings.Repeat("a", muster.MailTokenLength)

// direct carries requests to a handler that nothing listens for.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
