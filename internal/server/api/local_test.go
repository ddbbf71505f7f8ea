package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/server/api"
	"muster/internal/store"
	"muster/internal/testserver"
)

// overSocket serves a server's API on a local socket too and returns a client of it.
func overSocket(t *testing.T, s *testserver.Server) *client.Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "muster") // a socket's path must be short
	require.NoError(t, err)
	path := filepath.Join(dir, "local.socket")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	h := httptest.NewUnstartedServer(api.New(api.Options{Services: s.Services, Log: slog.New(slog.DiscardHandler), Version: "test", Local: true}))
	require.NoError(t, h.Listener.Close())
	h.Listener = l
	h.Start()
	t.Cleanup(func() {
		h.Close()
		require.NoError(t, os.RemoveAll(dir))
	})
	return client.New("http://localhost", client.WithSocket(path))
}

// socketLine finds the line of history that an operation over the socket left: nobody's, since nobody is signed in there.
func socketLine(t *testing.T, s *testserver.Server, operation, info string) {
	t.Helper()
	list, err := s.Store.Audits(t.Context(), "", 0, 200)
	require.NoError(t, err)
	for _, a := range list {
		if strings.HasSuffix(a.Action, operation) && strings.HasPrefix(a.ExtraInfo, info) && a.UserID == "" && a.SessionID == "" {
			return
		}
	}
	t.Errorf("no line of %s, %q", operation, info)
}

func TestTheSocketsCallerAdministersAccounts(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		l := overSocket(t, s)
		first, err := l.CreateUser(ctx, account("first")) // a server without any account
		if err != nil || first.Roles != "system_admin system_user" {
			t.Fatal(first, err)
		}
		in := account("ann")
		in.EmailVerified, in.CreateAt = true, 1000
		made, err := l.CreateUser(ctx, in) // a closed server, as an import does
		if err != nil || made.Roles != muster.RoleSystemUser || !made.EmailVerified || made.CreateAt != 1000 {
			t.Fatalf("%+v (%v)", made, err)
		}
		onRecord(t, s, made.ID, "/users", "user_id="+made.ID)
		ann, _ := s.SignIn(t, "ann")

		u, err := l.User(ctx, made.ID)
		if err != nil || u.Username != "ann" || u.Email == "" {
			t.Error(u, err)
		}
		list, err := l.Users(ctx, client.UsersQuery{})
		if err != nil || usernames(list) != "ann first" {
			t.Error(usernames(list), err)
		}
		if list, err = l.SearchUsers(ctx, client.UserSearch{Term: "ann@example"}); err != nil || usernames(list) != "ann" {
			t.Error(usernames(list), err)
		}
		if known, err := l.KnownUsers(ctx); err != nil || len(known) != 0 {
			t.Error(known, err)
		}
		_, err = l.PatchUser(ctx, made.ID, &muster.UserPatch{Nickname: ptr("Annie"), Email: ptr("ann@corp.example")}) // no password is asked for
		require.NoError(t, err)
		socketLine(t, s, "/users/"+made.ID+"/patch", "user_id="+made.ID)
		require.NoError(t, l.UpdateUserRoles(ctx, made.ID, "system_user system_admin"))
		_, err = ann.Config(ctx)
		require.NoError(t, err)
		require.NoError(t, l.UpdateUserRoles(ctx, made.ID, "system_user"))
		require.NoError(t, l.SetProfileImage(ctx, made.ID, bytes.NewReader(picture(t, 9, 9))))
		_, err = l.VerifyEmailOf(ctx, made.ID)
		require.NoError(t, err)
		_, err = l.UpdateStatus(ctx, &muster.Status{UserID: made.ID, Status: muster.StatusAway})
		require.NoError(t, err)

		sessions, err := l.Sessions(ctx, made.ID)
		if err != nil || len(sessions) != 1 {
			t.Fatal(sessions, err)
		}
		require.NoError(t, l.RevokeSession(ctx, made.ID, sessions[0].ID))
		_, err = ann.Me(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")
		require.NoError(t, l.UpdateUserPassword(ctx, made.ID, "", "An0ther!password"))
		_, err = ann.Login(ctx, "ann", "An0ther!password")
		require.NoError(t, err)
		require.NoError(t, l.RevokeAllSessions(ctx, made.ID))
		_, err = ann.Me(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")
		admin, _ := s.SignIn(t, "first")
		require.NoError(t, l.RevokeSessionsFromAllUsers(ctx))
		_, err = admin.Me(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")

		require.NoError(t, l.UpdateUserActive(ctx, made.ID, false))
		require.NoError(t, l.UpdateUserActive(ctx, made.ID, true))
		refused(t, l.DeleteUser(ctx, first.ID), 400, "app.user.update.lastAdmin.app_error") // that holds here too
		refused(t, l.DeleteUserPermanently(ctx, made.ID), 401, "api.user.delete_user.not_enabled.app_error")
		history, err := l.UserAudits(ctx, made.ID, 0, 60)
		if err != nil || len(history) == 0 {
			t.Error(history, err)
		}
		_, err = l.Audits(ctx, 0, 60)
		require.NoError(t, err)
	})
}

func TestTheSocketsCallerAdministersTheRest(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		l := overSocket(t, s)
		_, ann := s.User(t, "ann")
		_, bob := s.User(t, "bob")

		c, err := l.PatchConfig(ctx, json.RawMessage(`{"TeamSettings":{"SiteName":"Ours"},"ServiceSettings":{"EnableBotAccountCreation":true}}`))
		if err != nil || testserver.Settings(t, c).TeamSettings.SiteName != "Ours" || s.Services.Core.Config().TeamSettings.SiteName != "Ours" {
			t.Error(err)
		}
		if c, err = l.Config(ctx); err != nil || testserver.Settings(t, c).TeamSettings.SiteName != "Ours" {
			t.Error(err)
		}
		socketLine(t, s, "/config/patch", "config patched")
		role, err := l.RoleByName(ctx, "system_user_manager")
		require.NoError(t, err)
		_, err = l.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &role.Permissions})
		require.NoError(t, err)

		team := makeTeam(t, l, "own") // nobody is in it
		members, err := l.TeamMembers(ctx, team.ID, 0, 60)
		if err != nil || len(members) != 0 {
			t.Error(members, err)
		}
		_, err = l.AddTeamMembers(ctx, team.ID, ann.ID, bob.ID)
		require.NoError(t, err)
		require.NoError(t, l.UpdateTeamMemberSchemeRoles(ctx, team.ID, ann.ID, client.SchemeRoles{User: true, Admin: true}))
		_, err = l.PatchTeam(ctx, team.ID, &muster.TeamPatch{Description: ptr("x")})
		require.NoError(t, err)
		ch := makeChannel(t, l, team.ID, "plans", muster.ChannelPrivate)
		people, err := l.ChannelMembers(ctx, ch.ID, 0, 60)
		if err != nil || len(people) != 0 {
			t.Error(people, err)
		}
		m, err := l.AddChannelMember(ctx, ch.ID, ann.ID)
		if err != nil || m.UserID != ann.ID {
			t.Error(m, err)
		}
		require.NoError(t, l.RemoveChannelMember(ctx, ch.ID, ann.ID))
		direct, err := l.CreateDirectChannel(ctx, ann.ID, bob.ID)
		require.NoError(t, err)
		if people, err = l.ChannelMembers(ctx, direct.ID, 0, 60); err != nil || len(people) != 2 {
			t.Error(people, err)
		}
		_, admin := s.Admin(t)
		many, err := l.CreateGroupChannel(ctx, ann.ID, bob.ID, admin.ID) // the caller is none of them
		require.NoError(t, err)
		if people, err = l.ChannelMembers(ctx, many.ID, 0, 60); err != nil || len(people) != 3 {
			t.Error(people, err)
		}
		_, err = l.CreateGroupChannel(ctx, ann.ID, bob.ID)
		refused(t, err, 400, "api.channel.create_group.bad_size.app_error")
		require.NoError(t, l.RemoveTeamMember(ctx, team.ID, bob.ID))
		require.NoError(t, l.DeleteTeam(ctx, team.ID))

		bot, err := l.CreateBot(ctx, &muster.Bot{Username: "robot"})
		if err != nil || bot.OwnerID != bot.UserID { // nobody else's
			t.Fatal(bot, err)
		}
		if bots, err := l.Bots(ctx, client.BotsQuery{}); err != nil || len(bots) != 1 {
			t.Error(bots, err)
		}
		_, err = l.DisableBot(ctx, bot.UserID)
		require.NoError(t, err)
		_, err = l.EnableBot(ctx, bot.UserID)
		require.NoError(t, err)
		assigned, err := l.AssignBot(ctx, bot.UserID, ann.ID)
		if err != nil || assigned.OwnerID != ann.ID {
			t.Error(assigned, err)
		}
		token, err := l.CreateAccessToken(ctx, bot.UserID, "its own", 0)
		if err == nil {
			_, err = bearer(s, token.Token).Me(ctx)
		}
		require.NoError(t, err)
		g := makeGroup(t, l, "cooks", ann.ID)
		if got := memberNames(t, s, g.ID); got != "ann" {
			t.Error(got)
		}
		s.Configure(t, guestsOn)
		require.NoError(t, l.DemoteToGuest(ctx, bob.ID))
		require.NoError(t, l.PromoteGuest(ctx, bob.ID))
	})
}

func TestNobodyIsMeOnTheSocket(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		l := overSocket(t, s)
		_, ann := s.User(t, "ann")
		team := makeTeam(t, l, "own")
		ch := makeChannel(t, l, team.ID, "plans", muster.ChannelPublic)
		const me = client.Me
		for what, ask := range map[string]func() error{
			"account":    func() error { _, err := l.Me(ctx); return err },
			"patch":      func() error { _, err := l.PatchUser(ctx, me, &muster.UserPatch{}); return err },
			"deletion":   func() error { return l.DeleteUser(ctx, me) },
			"activation": func() error { return l.UpdateUserActive(ctx, me, false) },
			"password":   func() error { return l.UpdateUserPassword(ctx, me, "", "An0ther!password") },
			"roles":      func() error { return l.UpdateUserRoles(ctx, me, "system_user") },
			"picture":    func() error { _, err := l.ProfileImage(ctx, me); return err },
			"sessions":   func() error { _, err := l.Sessions(ctx, me); return err },
			"revocation": func() error { return l.RevokeAllSessions(ctx, me) },
			"history":    func() error { _, err := l.UserAudits(ctx, me, 0, 9); return err },
			"tokens":     func() error { _, err := l.AccessTokensOf(ctx, me, 0, 9); return err },
			"new token":  func() error { _, err := l.CreateAccessToken(ctx, me, "x", 0); return err },
			"second":     func() error { _, err := l.GenerateMfaSecret(ctx, me); return err },
			"status":     func() error { _, err := l.Status(ctx, me); return err },
			"settings":   func() error { _, err := l.Preferences(ctx, me); return err },
			"teams":      func() error { _, err := l.TeamsOfUser(ctx, me); return err },
			"in a team":  func() error { _, err := l.TeamMember(ctx, team.ID, me); return err },
			"channels":   func() error { _, err := l.ChannelMembersWithTeamData(ctx, me, 0, 9); return err },
			"in one":     func() error { _, err := l.ChannelMember(ctx, ch.ID, me); return err },
			"groups":     func() error { _, err := l.GroupsOfUser(ctx, me); return err },
			"uploads":    func() error { _, err := l.UploadsOf(ctx, me); return err },
			"demotion":   func() error { return l.DemoteToGuest(ctx, me) },
			"a bot":      func() error { _, err := l.ConvertUserToBot(ctx, me); return err },
		} {
			t.Run(what, func(t *testing.T) { refused(t, ask(), 400, "api.context.invalid_url_param.app_error") })
		}
		for what, ask := range map[string]func() error{
			"sign in":      func() error { _, err := l.Login(ctx, "ann", testserver.Password); return err },
			"control":      func() error { return l.LoginCWS(ctx, "ann", "x") },
			"sign out":     func() error { return l.Logout(ctx) },
			"device":       func() error { return l.AttachDevice(ctx, "apple:1") },
			"invitation":   func() error { _, err := l.JoinTeamByInvite(ctx, team.InviteID); return err },
			"acceptance":   func() error { return l.AcceptTerms(ctx, ann.ID, muster.NewID(), true) },
			"accepted":     func() error { _, err := l.AcceptedTerms(ctx, ann.ID); return err },
			"upload":       func() error { _, err := l.CreateUpload(ctx, &muster.Upload{}); return err },
			"its state":    func() error { _, err := l.Upload(ctx, muster.NewID()); return err },
			"its bytes":    func() error { _, err := l.ContinueUpload(ctx, muster.NewID(), 0, []byte("x")); return err },
			"typing":       func() error { return l.PublishTyping(ctx, ann.ID, ch.ID, "") },
			"the internet": func() error { _, err := l.Do(ctx, &client.Request{Method: "GET", Path: "/websocket"}); return err },
		} {
			t.Run(what, func(t *testing.T) {
				e, ok := errors.AsType[*client.Error](ask())
				if !ok || e.StatusCode != 404 || e.ID != "api.context.404.app_error" {
					t.Errorf("%+v", e)
				}
			})
		}
	})
}

func TestATokenMakesNobodyLessOnTheSocketNorTheSocketsCallerMoreElsewhere(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		l := overSocket(t, s)
		ann, _ := s.User(t, "ann")
		l.SetToken(ann.Token())
		_, err := l.Config(ctx)
		require.NoError(t, err)
		_, err = s.Client().Config(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")
	})
}

func TestAllAccountsAreDeletedOverTheSocketAlone(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		s.Configure(t, `{"TeamSettings":{"SiteName":"Ours"},"ServiceSettings":{"EnableUserAccessTokens":true}}`)
		l := overSocket(t, s)
		e, ok := errors.AsType[*client.Error](w.admin.DeleteAllUsers(ctx))
		if !ok || e.StatusCode != 404 || e.ID != "api.context.404.app_error" {
			t.Fatal(e)
		}
		token, err := w.admin.CreateAccessToken(ctx, w.ids["ann"], "x", 0)
		require.NoError(t, err)
		program := bearer(s, token.Token)
		_, err = program.Me(ctx)
		require.NoError(t, err)
		require.NoError(t, w.ann.SetProfileImage(ctx, client.Me, bytes.NewReader(picture(t, 9, 9))))
		upload(t, w.ann, w.private, "a.txt", "whole")
		under := announce(t, w.ann, w.private, "b.txt", 10)
		send(t, w.ann, under.ID, 0, "0123")
		makeGroup(t, w.ann, "cooks", w.ids["ann"])
		direct, err := w.ann.CreateDirectChannel(ctx, w.ids["ann"], w.ids["bob"])
		require.NoError(t, err)
		require.NoError(t, w.ann.UpdatePreferences(ctx, w.ids["ann"], []*muster.Preference{{UserID: w.ids["ann"], Category: "theme", Name: "x", Value: "y"}}))
		invitation := (&invited{admin: w.admin, team: &muster.Team{ID: w.team}, plans: &muster.Channel{ID: w.private}, lobby: &muster.Channel{ID: w.private}}).invite(t, s, "new")
		keeps(t, s, 3)

		s.ForgetEvents()
		require.NoError(t, l.DeleteAllUsers(ctx))
		for _, c := range []*client.Client{w.admin, w.ann, w.bob, w.carl, w.gus, program} {
			_, err := c.Me(ctx)
			refused(t, err, 401, "api.context.session_expired.app_error")
		}
		list, err := l.Users(ctx, client.UsersQuery{})
		if err != nil || len(list) != 0 {
			t.Error(usernames(list), err)
		}
		if found, err := l.SearchUsers(ctx, client.UserSearch{Term: "ann"}); err != nil || len(found) != 0 {
			t.Error(usernames(found), err)
		}
		if members, err := l.TeamMembers(ctx, w.team, 0, 60); err != nil || len(members) != 0 {
			t.Error(members, err)
		}
		if members, err := l.ChannelMembers(ctx, w.private, 0, 60); err != nil || len(members) != 0 {
			t.Error(members, err)
		}
		_, err = l.Channel(ctx, direct.ID)
		refused(t, err, 404, "app.channel.get.existing.app_error")
		groups, err := l.Groups(ctx, client.GroupsQuery{})
		if err != nil || len(groups) != 1 || *groups[0].MemberCount != 0 {
			t.Error(groups, err)
		}
		history, err := s.Store.Audits(ctx, "", 0, 60)
		if err != nil || len(history) != 1 || history[0].Action != "/api/v4/users" {
			t.Error(history, err)
		}
		keeps(t, s, 0)
		if n := len(s.Events(muster.EventUserActivationStatusChange)); n != 1 {
			t.Errorf("%d events", n)
		}
		if s.Services.Core.Config().TeamSettings.SiteName != "Ours" {
			t.Error("the settings are gone")
		}
		_, err = s.Client().CreateUserWithToken(ctx, account("new"), invitation)
		refused(t, err, 400, signupInvalid)
		_, err = s.Store.Upload(ctx, under.ID)
		if !errors.Is(err, store.ErrNotFound) {
			t.Error("an upload is left", err)
		}

		first, err := s.Client().CreateUser(ctx, account("ann")) // the names are free, and a closed server takes its first account
		if err != nil || first.Roles != "system_admin system_user" {
			t.Fatal(first, err)
		}
		_, err = s.Client().CreateUser(ctx, account("bob"))
		refused(t, err, 403, "api.user.create_user.no_open_server")
		again, _ := s.SignIn(t, "ann")
		_, err = again.Config(ctx)
		require.NoError(t, err)
	})
}
