package mail

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// parsed is a message as a mail program sees it.
type parsed struct {
	header     netmail.Header
	text, html string
}

// parse reads a message as strictly as the strictest servers do.
func parse(t testing.TB, raw []byte) parsed {
	t.Helper()
	for l := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(l) > 998 || bytes.ContainsFunc(l, func(r rune) bool { return r == '\r' || r == '\n' || r == 0 || r > '~' }) {
			t.Fatalf("line of %d octets: %q", len(l), l)
		}
	}
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for l := range strings.SplitSeq(string(head), "\r\n") {
		if strings.TrimSpace(l) == "" {
			t.Fatalf("a line of the header is empty\n%s", head)
		}
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	p := parsed{m.Header, part(t, parts, "text/plain; charset=UTF-8"), part(t, parts, "text/html; charset=UTF-8")}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Fatal("more than two parts", err)
	}
	return p
}

func part(t testing.TB, parts *multipart.Reader, kind string) string {
	t.Helper()
	p, err := parts.NextPart() // which takes quoted-printable away
	if err != nil || p.Header.Get("Content-Type") != kind {
		t.Fatal(err, p)
	}
	text, err := io.ReadAll(p)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func composed(t testing.TB, m Message) parsed {
	t.Helper()
	raw, err := compose(m)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, raw)
}

func TestHeaders(t *testing.T) {
	m := message()
	got := composed(t, m).header
	delete(got, "Content-Type") // has a random boundary
	want := netmail.Header{
		"Auto-Submitted": {"auto-generated"}, "Date": {"Wed, 04 Mar 2026 05:06:07 +0000"}, "From": {`"Muster at Example" <muster@example.com>`},
		"Message-Id": {"<" + m.ID + "@muster.example.com>"}, "Mime-Version": {"1.0"}, "Reply-To": {"<help@example.com>"},
		"Subject": {"Confirm your email address - Example"}, "To": {"<ann@example.com>"}, "X-Auto-Response-Suppress": {"All"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	m.FromName, m.ReplyTo, m.Site = "", "", Site{}
	got = composed(t, m).header
	if got.Get("From") != "<muster@example.com>" || got["Reply-To"] != nil || got.Get("Subject") != m.Subject {
		t.Error(got)
	}
}

func TestMessageIDs(t *testing.T) {
	for site, host := range map[string]string{
		"https://muster.example.com/chat": "muster.example.com", "http://LOCAL:8065": "LOCAL", "http://[::1]:80": "localhost", "": "localhost",
		"https://bücher.example": "localhost", "https://a\r\nb": "localhost", "://": "localhost",
	} {
		m := message()
		m.Site.URL = site
		if got := composed(t, m).header.Get("Message-Id"); got != "<"+m.ID+"@"+host+">" {
			t.Errorf("%q: %s", site, got)
		}
	}
}

func TestTextPart(t *testing.T) {
	m := message()
	m.Paragraphs = []string{"Please confirm that this address, which somebody gave when they signed up for an account, is yours."}
	want := `Hello ann,

Please confirm that this address, which somebody gave when they signed
up for an account, is yours.

Confirm address:
https://muster.example.com/do_verify_email?token=abc&email=ann%40example.com

You did not ask for this? Then there is nothing to do.

-- 
Example
https://muster.example.com
`
	if diff := cmp.Diff(want, composed(t, m).text); diff != "" {
		t.Error(diff)
	}
}

func TestContentMayBeShort(t *testing.T) {
	m := message()
	m.Site, m.Content = Site{}, Content{Subject: "Hi"}
	got := composed(t, m)
	if strings.Contains(got.html, "href") || strings.Contains(got.html, "<p") || strings.Contains(got.text, ":") {
		t.Error(got)
	}
}

func TestLinksStayWhole(t *testing.T) {
	m := message()
	m.Button.URL = "https://muster.example.com/x?token=" + strings.Repeat("a", 300) + "&id=1"
	got := composed(t, m)
	if !strings.Contains(got.text, "\n"+m.Button.URL+"\n") {
		t.Error(got.text)
	}
	if link := `href="` + strings.ReplaceAll(m.Button.URL, "&", "&amp;") + `"`; strings.Count(got.html, link) != 2 {
		t.Error(got.html)
	}
}

func TestMarkupIsText(t *testing.T) {
	const markup, shown = `<script>alert("x")</script>{{.}}`, "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;{{.}}"
	m := message()
	m.Site.Name = markup
	m.Content = Content{Subject: markup, Greeting: markup, Paragraphs: []string{markup}, Button: &Button{markup, m.Button.URL}, Notes: []string{markup}}
	got := composed(t, m)
	// the subject in the title and as the heading, the site's name above and below the letter
	if n := strings.Count(got.html, shown); n != 8 || strings.Contains(got.html, "<script") {
		t.Error(n, got.html)
	}
	if n := strings.Count(got.text, markup); n != 5 {
		t.Error(n, got.text)
	}
	if got.header.Get("Subject") != markup+" - "+markup {
		t.Error(got.header)
	}
}

// hostile are texts that try to end a header, a line or a quoted string.
var hostile = []string{
	"a\r\nBcc: eve@example.com", "a\nBcc: eve@example.com", "a\rBcc: eve@example.com", "a\r\n\r\nbody", "a\x00b", "a\u2028Bcc: eve@example.com", "a\u0085b",
	`a" <eve@example.com>, "b`, `a\`, "a,b;c:d<e>", "ü\\", "=?utf-8?q?a=0D=0ABcc:_eve=40example.com?=", "Jörg Müller", "田中さん 🦊", "\xff\xfe", " ", "\t",
	strings.Repeat("long ", 1000), strings.Repeat("long", 1000), strings.Repeat("ü", 2000), strings.Repeat(" ", 300) + strings.Repeat("x", 75) + strings.Repeat(" ", 300) + "y",
}

func TestHostileTexts(t *testing.T) {
	for _, s := range hostile {
		m := message()
		m.FromName, m.Site.Name = s, s
		m.Content = Content{Subject: s, Greeting: s, Paragraphs: []string{s}, Button: &Button{s, m.Button.URL}, Notes: []string{s}}
		checkComposed(t, m)
	}
}

// checkComposed checks that a message, whatever its texts are, has the expected headers and values, and no markup of its own.
func checkComposed(t testing.TB, m Message) {
	t.Helper()
	got := composed(t, m)
	want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Reply-To", "Subject", "To", "X-Auto-Response-Suppress"}
	if m.ReplyTo == "" {
		want = slices.DeleteFunc(want, func(s string) bool { return s == "Reply-To" })
	}
	if names := slices.Sorted(maps.Keys(got.header)); !slices.Equal(names, want) {
		t.Errorf("headers %q", names)
	}
	for name, values := range got.header {
		if len(values) != 1 {
			t.Errorf("%s: %q", name, values)
		}
	}
	for name, addr := range map[string]string{"From": m.From, "To": m.To} {
		list, err := got.header.AddressList(name)
		if err != nil || len(list) != 1 || list[0].Address != addr || (name == "From" && list[0].Name != displayName(m.FromName)) {
			t.Errorf("%s %q %v: %v", name, m.FromName, list, err)
		}
	}
	said, err := new(mime.WordDecoder).DecodeHeader(got.header.Get("Subject"))
	if want := phrase(subject(m), maxSubject); err != nil || said != want {
		t.Errorf("subject %q, want %q: %v", said, want, err)
	}
	if harmless := composed(t, masked(m)).html; shape(got.html) != shape(harmless) {
		t.Errorf("the markup depends on the texts\n%s", got.html)
	}
}

// masked returns the message with an x in place of every text.
func masked(m Message) Message {
	x := func(s string) string { return strings.Repeat("x", min(len(s), 1)) }
	m.Site.Name, m.Subject, m.Greeting, m.Paragraphs, m.Notes = x(m.Site.Name), x(m.Subject), x(m.Greeting), slices.Clone(m.Paragraphs), slices.Clone(m.Notes)
	for _, list := range [][]string{m.Paragraphs, m.Notes} {
		for i, s := range list {
			list[i] = x(s)
		}
	}
	if m.Button != nil {
		m.Button = &Button{x(m.Button.Text), "https://example.com"}
	}
	return m
}

// shape returns the markup characters of a page.
func shape(html string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>"'`, r) {
			return r
		}
		return -1
	}, html)
}

func TestWhatCannotBeComposed(t *testing.T) {
	for _, addr := range []string{
		"", "ann", "@example.com", "ann@", "ann@example.com\r\nBcc: eve@example.com", "ann@example.com, eve@example.com", "Ann <ann@example.com>",
		"<ann@example.com>", "ann@example.com>", " ann@example.com", "ann @example.com", `"ann eve"@example.com`, "ann@example.com (Ann)",
		"ann@exämple.com", "änn@example.com", "ann\x00@example.com", strings.Repeat("a", 250) + "@example.com", "team:ann@example.com;",
	} {
		for name, set := range map[string]func(*Message){
			"To": func(m *Message) { m.To = addr }, "From": func(m *Message) { m.From = addr }, "ReplyTo": func(m *Message) { m.ReplyTo = addr },
		} {
			if name == "ReplyTo" && addr == "" {
				continue
			}
			checkNotComposed(t, fmt.Sprintf("%s %q", name, addr), set, name == "To") // an administrator can correct the site's own addresses
		}
	}
	for _, link := range []string{
		"", "/path", "//example.com/path", "javascript:alert(1)", "data:text/html,x", "ftp://example.com", "https://", "https:example.com",
		"https://example.com/a b", "https://example.com/\r\n", `https://example.com/"`, "https://example.com/<b>", "https://example.com/\u2028", "https://exa\xffmple.com",
	} {
		checkNotComposed(t, fmt.Sprintf("button %q", link), func(m *Message) { m.Button.URL = link }, true)
	}
	for _, id := range []string{"", "a b", "../x", "a>b", "ä", strings.Repeat("a", 129)} {
		checkNotComposed(t, fmt.Sprintf("id %q", id), func(m *Message) { m.ID = id }, true)
	}
}

func checkNotComposed(t *testing.T, what string, set func(*Message), forGood bool) {
	t.Helper()
	m := message()
	set(&m)
	_, err := compose(m)
	if err == nil || IsPermanent(err) != forGood || IsUnreachable(err) || IsPermanent(nil) {
		t.Errorf("%s: %v", what, err)
		return
	}
	if strings.ContainsAny(err.Error(), "\r\n\x00") || len(err.Error()) > 1200 {
		t.Errorf("%s: %q", what, err)
	}
}

func FuzzCompose(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+1)%len(hostile)], "ann@example.com", "https://example.com/"+s, "id1")
	}
	f.Add("Hi", "Example", "ann@example.com\r\nBcc: eve@example.com", "javascript:alert(1)", "../..")
	f.Fuzz(func(t *testing.T, text, name, addr, link, id string) {
		m := message()
		m.ID, m.FromName, m.To, m.Site = id, name, addr, Site{name, link}
		m.Content = Content{Subject: text, Greeting: text, Paragraphs: []string{text, name}, Button: &Button{text, link}, Notes: []string{text}}
		if _, err := compose(m); err != nil {
			if !IsPermanent(err) {
				t.Fatal(err)
			}
			m.ID, m.To, m.Button = "id", "ann@example.com", nil // then what is left must do
		}
		checkComposed(t, m)
	})
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mails")
	f, err := NewFileSender(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	m := message()
	send := func() {
		t.Helper()
		if err := f.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	send()
	m.Subject = "Again"
	send()
	name := "20260304T050607.890-" + m.ID + ".eml"
	if got := names(t, dir); !slices.Equal(got, []string{name}) {
		t.Fatal(got)
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if got := parse(t, raw).header.Get("Subject"); got != "Again - Example" {
		t.Error(got)
	}
	m.Date = m.Date.Add(time.Millisecond).In(time.FixedZone("", 3600))
	send()
	if got := names(t, dir); !slices.Equal(got, []string{name, "20260304T050607.891-" + m.ID + ".eml"}) {
		t.Error(got)
	}
	m.ID = "../x"
	if err := f.Send(t.Context(), m); !IsPermanent(err) || len(names(t, dir)) != 2 {
		t.Error(err)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}
