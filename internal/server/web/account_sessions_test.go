package web_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"muster/client"
	"muster/internal/testserver"
)

const (
	firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)

// signInWith starts a session of ann's with a program that gives itself a name.
func signInWith(t *testing.T, s *testserver.Server, agent, device string) *client.Client {
	t.Helper()
	c := client.New(s.URL, client.WithUserAgent(agent))
	_, err := c.LoginWith(t.Context(), client.Credentials{LoginID: "ann", Password: testserver.Password, DeviceID: device})
	must(t, err)
	return c
}

// rows are those of a page's table, by the text of their heads.
func rows(p *response) map[string]*html.Node {
	found := map[string]*html.Node{}
	for _, body := range all(p.doc, "tbody") {
		for _, row := range all(body, "tr") {
			found[textOf(all(row, "th")[0])] = row
		}
	}
	return found
}

// press sends the form in a row.
func (b *browser) press(row *html.Node) *response {
	b.t.Helper()
	forms := all(row, "form")
	if len(forms) != 1 {
		b.t.Fatalf("%d forms in the row %q", len(forms), textOf(row))
	}
	form := map[string][]string{}
	for _, in := range all(forms[0], "input") {
		form[attr(in, "name")] = []string{attr(in, "value")}
	}
	return b.post(attr(forms[0], "action"), form)
}

func TestSessionsAreListed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		b, ann, me := member(t, s, "ann")
		signInWith(t, s, firefox, "")
		signInWith(t, s, iphone, "")
		signInWith(t, s, iphone, "apple:123")
		token, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
		must(t, err)
		_, err = client.New(s.URL, client.WithToken(token.Token)).Me(t.Context())
		must(t, err)
		p := b.open("/account/sessions").is(200, "Sessions")
		got := rows(p)
		for _, want := range []string{"Firefox 127 on Windows 10", "Safari 17 on iOS 17.5", "App on iOS 17.5", "Program with an access token", "Program This session"} {
			row := got[want]
			if row == nil {
				t.Fatalf("there is no row %q among\n%s", want, p.body)
			}
			times := all(row, "time")
			if len(times) != 2 || !strings.HasSuffix(attr(times[0], "datetime"), "Z") || !strings.HasSuffix(textOf(times[0]), "UTC") {
				t.Errorf("%s: the times", want)
			}
			if ofToken := strings.Contains(want, "token"); ofToken == strings.Contains(textOf(row), "End session") || ofToken == strings.Contains(textOf(row), "127.0.0.1") {
				t.Errorf("%s: %s", want, textOf(row))
			}
		}
		if count := strings.Count(p.body, "This session"); count != 1 {
			t.Errorf("%d sessions are this one", count)
		}
		// To whoever hears a page, its table is one on narrow screens too.
		for tag, role := range map[string]string{"table": "table", "tr": "row", "td": "cell", "thead": "rowgroup", "tbody": "rowgroup"} {
			for _, n := range all(p.doc, tag) {
				if attr(n, "role") != role {
					t.Errorf("a %s has the role %q", tag, attr(n, "role"))
				}
			}
		}
	})
}

func TestASessionIsEnded(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		b, _, me := member(t, s, "ann")
		other := signInWith(t, s, firefox, "")
		eve, _ := s.User(t, "eve")
		hers, err := eve.Sessions(t.Context(), client.Me)
		must(t, err)
		key := b.open("/account/sessions").value("csrf")
		for _, id := range []string{"", "x", strings.Repeat("a", 26), hers[0].ID, "' OR 1=1 --"} {
			b.post("/account/sessions/end", map[string][]string{"csrf": {key}, "session_id": {id}}).is(400, "Sessions").says("This session doesn't exist.")
		}
		if _, err := eve.Me(t.Context()); err != nil {
			t.Fatal("somebody else's session is ended:", err)
		}
		row := rows(b.open("/account/sessions"))["Firefox 127 on Windows 10"]
		p := b.press(row).is(200, "Sessions").says("The session has been ended.")
		if rows(p)["Firefox 127 on Windows 10"] != nil {
			t.Error("it is listed still")
		}
		if _, err := other.Me(t.Context()); !client.HasID(err, "api.context.session_expired.app_error") {
			t.Errorf("the session that was ended: %v", err)
		}
		onRecord(t, s, me.ID, "/account/sessions/end", "session_id=")
		b.press(row).is(400, "Sessions").says("This session doesn't exist.")
		b.press(rows(p)["Program This session"]).is(200, "Sign in to Muster").says("You've signed out.")
		b.signedInAs(s, "")
		if b.cookie("MMAUTHTOKEN") != "" {
			t.Error("the browser keeps the session's token")
		}
	})
}

func TestAllOtherSessionsAreEnded(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		b, ann, me := member(t, s, "ann")
		other, eve := signInWith(t, s, firefox, ""), newBrowser(t, s)
		s.User(t, "eve")
		eve.signIn("eve")
		p := b.submit(b.open("/account/sessions"), "End all other sessions", nil).is(200, "Sessions").says("All other sessions have been ended.")
		if p.has("End all other sessions") {
			t.Error("there are others to end")
		}
		for _, c := range []*client.Client{ann, other} {
			if _, err := c.Me(t.Context()); !client.HasID(err, "api.context.session_expired.app_error") {
				t.Errorf("a session that was ended: %v", err)
			}
		}
		b.signedInAs(s, "ann")
		eve.signedInAs(s, "eve")
		left, err := s.Store.Sessions(t.Context(), me.ID)
		if err != nil || len(left) != 1 || left[0].ID != caller(t, s, b).Session.ID {
			t.Fatalf("%d sessions are left: %v", len(left), err)
		}
		onRecord(t, s, me.ID, "/account/sessions/end-others", "user_id="+me.ID)
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || u.Username != "ann" || u.Roles != tokenRoles || u.DeleteAt != 0 {
			t.Fatalf("%+v %v", u, err)
		}
	})
}
