package web_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/store"
	"muster/internal/testserver"
)

func TestDownloadMyData(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		admin, _ := s.Admin(t)
		b, ann, me := member(t, s, "ann")
		eve, _, eveUser := member(t, s, "eve")
		team, err := admin.CreateTeam(t.Context(), &muster.Team{Name: "hikers", DisplayName: "Hikers", Type: muster.TeamOpen})
		must(t, err)
		_, err = admin.AddTeamMember(t.Context(), team.ID, me.ID)
		must(t, err)
		_, err = ann.CreateDirectChannel(t.Context(), me.ID, eveUser.ID)
		must(t, err)
		token, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
		must(t, err)
		secret, recovery := enrolled(t, b)
		p := b.submit(b.open("/account/data").is(200, "Your data"), "Download my data", nil)
		if p.status != 200 || p.header.Get("Content-Type") != "application/json" || p.header.Get("Content-Disposition") != `attachment; filename="account-ann.json"` ||
			p.header.Get("Cache-Control") != "no-store" {
			t.Fatal(p.status, p.header, p.body)
		}
		var got struct {
			User         muster.User            `json:"user"`
			Sessions     []map[string]any       `json:"sessions"`
			AccessTokens []muster.AccessToken   `json:"access_tokens"`
			Teams        []muster.Team          `json:"teams"`
			TeamMembers  []muster.TeamMember    `json:"team_members"`
			Channels     []muster.Channel       `json:"channels"`
			Members      []muster.ChannelMember `json:"channel_members"`
			Audits       []muster.Audit         `json:"audits"`
		}
		must(t, json.Unmarshal([]byte(p.body), &got))
		if got.User.ID != me.ID || got.User.Email != "ann@example.com" || len(got.Sessions) != 2 || got.Sessions[0]["ip_address"] != "127.0.0.1" ||
			len(got.AccessTokens) != 1 || got.AccessTokens[0].Description != "Backup" || len(got.Teams) != 1 || len(got.TeamMembers) != 1 || len(got.Audits) == 0 {
			t.Fatal(p.body)
		}
		if len(got.Channels) < 2 || len(got.Channels) != len(got.Members) || got.Channels[0].TeamID != "" || got.Channels[len(got.Channels)-1].TeamID != team.ID {
			t.Errorf("the channels: %+v of the memberships %+v", got.Channels, got.Members)
		}
		if !strings.Contains(p.body, "\n  \"user\": {\n") {
			t.Error("nobody can read it")
		}
		stored, err := s.Store.User(t.Context(), me.ID)
		must(t, err)
		for name, hidden := range map[string]string{
			"the password": stored.Password, "the secret": secret, "the sealed secret": stored.MfaSecret, "a recovery code": recovery[0], "a token": token.Token,
			"the session's token": b.cookie("MMAUTHTOKEN"), "the session's key": caller(t, s, b).Session.CSRF(), "a program's session": ann.Token(),
			"somebody's address": "eve@example.com", "her session": eve.cookie("MMAUTHTOKEN"),
		} {
			if hidden == "" || strings.Contains(p.body, hidden) {
				t.Errorf("%s is in it: %q", name, hidden)
			}
		}
		onRecord(t, s, me.ID, "/account/data/download", "account exported")
	})
}

func TestAnAccountIsDeactivatedByItsOwner(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, `{"TeamSettings":{"EnableUserDeactivation":true}}`)
		b, ann, me := member(t, s, "ann")
		p := b.open("/account/data").is(200, "Your data")
		if p.has("Delete my account") {
			t.Error("deleting is offered")
		}
		before := kept(t, s, me.ID)
		b.submit(p, "Deactivate my account", map[string]string{currentPwd: ""}).is(400, "Your data").says("The password is missing")
		b.post("/account/data/delete", map[string][]string{"csrf": {p.value("csrf")}, "password": {testserver.Password}}).is(403, "Your data")
		if after := kept(t, s, me.ID); after != before {
			t.Fatalf("the account was\n%s\nand is\n%s", before, after)
		}
		p = b.submit(p, "Deactivate my account", map[string]string{currentPwd: wrongPassword}).is(400, "Your data").says("That password is wrong.")
		if !slices.Equal(wrongFields(p), []string{"password"}) {
			t.Error(wrongFields(p))
		}
		p = b.submit(p, "Deactivate my account", map[string]string{currentPwd: testserver.Password}).is(200, "Your account has been deactivated")
		clean(t, "closed", p)
		if p.has("Sign out") || b.cookie("MMAUTHTOKEN") != "" {
			t.Error("the browser is signed in")
		}
		u, err := s.Store.User(t.Context(), me.ID)
		if err != nil || u.DeleteAt == 0 {
			t.Fatalf("%+v %v", u, err)
		}
		if left, err := s.Store.Sessions(t.Context(), me.ID); err != nil || len(left) != 0 {
			t.Errorf("%d sessions go on: %v", len(left), err)
		}
		if _, err := ann.Me(t.Context()); err == nil {
			t.Error("a program goes on")
		}
		newBrowser(t, s).signIn("ann").is(401, "Sign in to Muster").says("This account is deactivated.")
		onRecord(t, s, me.ID, "/account/data/deactivate", "user_id="+me.ID+" active=false")
	})
}

func TestAnAccountIsDeletedByItsOwner(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		b, ann, me := member(t, s, "ann")
		token, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
		must(t, err)
		secret, recovery := enrolled(t, b)
		p := b.open("/account/data").is(200, "Your data")
		for _, c := range []struct {
			button, password, code string
			status                 int
			news, wrong            string
		}{
			{"Delete my account", testserver.Password, "", 400, "The code is missing or wrong.", "code"},
			{"Delete my account", testserver.Password, noCode(t, secret), 400, "That code is wrong or was already used.", "code"},
			{"Delete my account", testserver.Password, "abcd-efgh-ijkl-mnop", 400, "That code is wrong or was already used.", "code"},
			{"Delete my account", wrongPassword, recovery[0], 400, "That password is wrong.", "password"},
			{"Deactivate my account", testserver.Password, "", 400, "The code is missing or wrong.", "code"},
		} {
			p := b.submit(p, c.button, map[string]string{currentPwd: c.password, codeOf: c.code}).is(c.status, "Your data").says(c.news)
			if wrong := wrongFields(p); !slices.Equal(wrong, []string{c.wrong}) {
				t.Errorf("%s: marked as wrong: %q", c.news, wrong)
			}
		}
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || u.DeleteAt != 0 {
			t.Fatalf("%+v %v", u, err)
		}
		p = b.submit(p, "Delete my account", map[string]string{currentPwd: testserver.Password, codeOf: recovery[0]}).is(200, "Your account has been deleted")
		if p.has("Sign out") || b.cookie("MMAUTHTOKEN") != "" {
			t.Error("the browser is signed in")
		}
		if _, err := s.Store.User(t.Context(), me.ID); !errors.Is(err, store.ErrNotFound) {
			t.Fatal("it is there still:", err)
		}
		for name, c := range map[string]*client.Client{"a program": ann, "a token": client.New(s.URL, client.WithToken(token.Token))} {
			if _, err := c.Me(t.Context()); err == nil {
				t.Errorf("%s goes on", name)
			}
		}
		newBrowser(t, s).signIn("ann").is(401, "Sign in to Muster")
	})
}

func TestWhereAccountsAreNotClosed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, `{"ServiceSettings":{"EnableAPIUserDeletion":true},"TeamSettings":{"EnableUserDeactivation":false}}`)
		b, _, me := member(t, s, "ann")
		p := b.open("/account/data").is(200, "Your data")
		if p.has("Deactivate my account") || p.has("Delete my account") || !p.has("Download my data") {
			t.Fatal(p.body)
		}
		before := kept(t, s, me.ID)
		for _, path := range []string{"/account/data/deactivate", "/account/data/delete"} {
			b.post(path, map[string][]string{"csrf": {p.value("csrf")}, "password": {testserver.Password}}).is(403, "Your data").says("You can't deactivate your own account here.")
		}
		if after := kept(t, s, me.ID); after != before {
			t.Fatalf("the account was\n%s\nand is\n%s", before, after)
		}
	})
}

// The last administrator stays: nobody could look after the site.
func TestTheLastAdministratorStays(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		_, me := s.Admin(t)
		b := newBrowser(t, s)
		b.signIn("admin")
		before, err := s.Store.User(t.Context(), me.ID)
		must(t, err)
		for _, button := range []string{"Deactivate my account", "Delete my account"} {
			p := b.submit(b.open("/account/data"), button, map[string]string{currentPwd: testserver.Password})
			if p.text("h1") != "Your data" {
				t.Fatal(p.body)
			}
			p.says("This is the last administrator.")
		}
		after, err := s.Store.User(t.Context(), me.ID)
		must(t, err)
		if after.DeleteAt != 0 || after.UpdateAt != before.UpdateAt {
			t.Fatalf("the account was\n%+v\nand is\n%+v", before, after)
		}
		b.signedInAs(s, "admin")
	})
}
