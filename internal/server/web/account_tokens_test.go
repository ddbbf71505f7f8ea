package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/store"
	"muster/internal/testserver"
)

const purpose = "What's it for?"

var shownToken = regexp.MustCompile(`<code[^>]*>([a-z0-9]{26})</code>`)

func TestAccessTokensWorkUntilTheyAreRevoked(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		b, _, me := member(t, s, "ann")
		p := b.open("/account/tokens").is(200, "Access tokens")
		day := time.Now().UTC().AddDate(0, 0, 30)
		p = b.submit(p, "Create token", map[string]string{purpose: "Nightly backup", "Expires on": day.Format(time.DateOnly)}).is(200, "Access tokens")
		found := shownToken.FindStringSubmatch(p.body)
		if found == nil || !strings.Contains(p.body, "see it again") {
			t.Fatal(p.body)
		}
		program := client.New(s.URL, client.WithToken(found[1]))
		if u, err := program.Me(t.Context()); err != nil || u.ID != me.ID {
			t.Fatal("the token does not work:", err)
		}
		kept, err := s.Store.AccessTokens(t.Context(), me.ID, 0, 10)
		must(t, err)
		nextDay := day.Truncate(24*time.Hour).AddDate(0, 0, 1)
		if len(kept) != 1 || kept[0].Description != "Nightly backup" || kept[0].ExpiresAt != nextDay.UnixMilli()-1 {
			t.Fatalf("%+v", kept[0])
		}
		onRecord(t, s, me.ID, "/account/tokens", "user_id="+me.ID+" token_id="+kept[0].ID)
		if got := s.Mails(t, "ann@example.com", 1); !strings.Contains(got[0].Subject, "access token") || strings.Contains(got[0].Text, found[1]) {
			t.Errorf("the mail is %+v", got[0])
		}

		b.submit(p, "Create token", map[string]string{purpose: "Calendar"}).is(200, "Access tokens")
		p = b.open("/account/tokens")
		list := rows(p)
		backup, calendar := list["Nightly backup"], list["Calendar"]
		if len(list) != 2 || backup == nil || calendar == nil || strings.Contains(p.body, found[1]) {
			t.Fatal(p.body)
		}
		if text := textOf(calendar); strings.Count(text, "Never") != 2 {
			t.Error(text)
		}
		p = b.press(backup).is(200, "Access tokens").says("The token has been revoked")
		if list := rows(p); list["Nightly backup"] != nil || list["Calendar"] == nil {
			t.Fatal(p.body)
		}
		if _, err := program.Me(t.Context()); !client.HasID(err, "api.context.session_expired.app_error") {
			t.Errorf("the token that was revoked: %v", err)
		}
		onRecord(t, s, me.ID, "/account/tokens/revoke", "token_id="+kept[0].ID)
		b.press(backup).is(404, "Access tokens").says("This access token doesn't exist.")
	})
}

func TestAccessTokensThatCantBe(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		s.Configure(t, `{"ServiceSettings":{"UserAccessTokenMaxLifetimeInDays":10}}`)
		b, _, me := member(t, s, "ann")
		in := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
		p := b.open("/account/tokens")
		for _, field := range all(p.doc, "input") {
			if attr(field, "type") == "date" && (attr(field, "min") != in(0) || attr(field, "max") != in(9)) {
				t.Errorf("from %s to %s", attr(field, "min"), attr(field, "max"))
			}
		}
		for _, c := range []struct{ what, ends, news, wrong string }{
			{"", "", "Say what the token is for", "description"},
			{strings.Repeat("x", 256), "", "Describe the token in at most 255 characters.", "description"},
			{"a\x01b", "", "Describe the token", "description"},
			{"Backup", in(-1), "Choose a date from today on", "expires_at"},
			{"Backup", in(10), "Choose a date from today on", "expires_at"},
			{"Backup", "0000-00-00", "Choose a date from today on", "expires_at"},
			{"Backup", "tomorrow", "Choose a date from today on", "expires_at"},
			{"Backup", "9999-12-31", "Choose a date from today on", "expires_at"},
		} {
			p := b.submit(p, "Create token", map[string]string{purpose: c.what, "Expires on": c.ends}).is(400, "Access tokens").says(c.news)
			if wrong := wrongFields(p); !slices.Equal(wrong, []string{c.wrong}) || p.value("description") != c.what {
				t.Errorf("%q, %q: marked as wrong: %q", c.what, c.ends, wrong)
			}
		}
		if list, err := s.Store.AccessTokens(t.Context(), me.ID, 0, 10); err != nil || len(list) != 0 {
			t.Fatalf("%d tokens %v", len(list), err)
		}
		b.submit(p, "Create token", map[string]string{purpose: "On the last day", "Expires on": in(9)}).is(200, "Access tokens")
		b.submit(p, "Create token", map[string]string{purpose: "As long as may be"}).is(200, "Access tokens")
		list, err := s.Store.AccessTokens(t.Context(), me.ID, 0, 10)
		must(t, err)
		if len(list) != 2 || list[0].ExpiresAt == 0 || list[1].ExpiresAt == 0 {
			t.Fatalf("%+v", list)
		}
	})
}

func TestSomebodyElsesAccessTokenIsNoneHere(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		_, ann, me := member(t, s, "ann")
		token, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
		must(t, err)
		eve, _, _ := member(t, s, "eve")
		admin := newBrowser(t, s)
		admin.signIn("admin")
		for name, b := range map[string]*browser{"eve": eve, "an administrator": admin} {
			key := b.open("/account/tokens").value("csrf")
			for _, id := range []string{token.ID, "", "x", strings.Repeat("a", 26), token.Token} {
				p := b.post("/account/tokens/revoke", url.Values{"csrf": {key}, "token_id": {id}})
				p.is(404, "Access tokens").says("This access token doesn't exist.")
				if strings.Contains(p.body, "Backup") {
					t.Errorf("%s sees it", name)
				}
			}
		}
		if _, err := client.New(s.URL, client.WithToken(token.Token)).Me(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhoMayHaveNoAccessTokens(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, everythingOn)
	_, plain := s.User(t, "bob")
	bob := newBrowser(t, s)
	bob.signIn("bob")
	p := bob.open("/account/tokens").is(200, "Access tokens")
	if p.has("Create token") || !strings.Contains(p.body, "Your account isn't allowed to have any.") {
		t.Fatal(p.body)
	}
	bob.post("/account/tokens", url.Values{"csrf": {p.value("csrf")}, "description": {"Backup"}}).is(403, "Access tokens").says("permission")
	if list, err := s.Store.AccessTokens(t.Context(), plain.ID, 0, 10); err != nil || len(list) != 0 {
		t.Fatalf("%d tokens %v", len(list), err)
	}

	b, ann, me := member(t, s, "ann")
	token, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
	must(t, err)
	s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":false}}`)
	p = b.open("/account/tokens").is(200, "Access tokens")
	if p.has("Create token") || !strings.Contains(p.body, "Access tokens are turned off on this site") {
		t.Fatal(p.body)
	}
	b.post("/account/tokens", url.Values{"csrf": {p.value("csrf")}, "description": {"Another"}}).is(501, "Access tokens").says("turned off")
	b.press(rows(p)["Backup"]).is(200, "Access tokens").says("The token has been revoked")
	if _, err := s.Store.AccessToken(t.Context(), token.ID); err == nil {
		t.Fatal("it is there still")
	}
}

func TestManyAccessTokensAreAllListed(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, everythingOn)
	b, ann, me := member(t, s, "ann")
	const many = 203
	for i := range many {
		_, err := ann.CreateAccessToken(t.Context(), me.ID, fmt.Sprintf("Number %d", i), 0)
		must(t, err)
	}
	if list := rows(b.open("/account/tokens")); len(list) != many {
		t.Fatalf("%d of %d", len(list), many)
	}
	first := firstToken(t, s, me).ID
	must(t, s.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.DisableAccessToken(t.Context(), first) }))
	if p := b.open("/account/tokens"); strings.Count(p.body, "Disabled") != 1 {
		t.Error(p.body)
	}
}

func firstToken(t *testing.T, s *testserver.Server, u *muster.User) *muster.AccessToken {
	t.Helper()
	list, err := s.Store.AccessTokens(t.Context(), u.ID, 0, 1)
	must(t, err)
	return list[0]
}
