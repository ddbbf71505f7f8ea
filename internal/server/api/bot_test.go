package api_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

const (
	botsOn     = `{"ServiceSettings":{"EnableBotAccountCreation":true,"EnableUserAccessTokens":true}}`
	unknownBot = "store.sql_bot.get.missing.app_error"
	botLogin   = "api.user.login.bot_login_forbidden.app_error"
)

// keeper makes a person who may have bots and tokens, but has no say in others'.
func keeper(t *testing.T, s *testserver.Server, name string) (*client.Client, *muster.User) {
	t.Helper()
	admin, _ := s.Admin(t)
	role, err := admin.RoleByName(t.Context(), "system_user_access_token")
	require.NoError(t, err)
	granted := append(role.Permissions, "create_bot", "read_bots", "manage_bots")
	_, err = admin.PatchRole(t.Context(), role.ID, &muster.RolePatch{Permissions: &granted})
	require.NoError(t, err)
	c, u := s.User(t, name)
	require.NoError(t, admin.UpdateUserRoles(t.Context(), u.ID, tokenHolder))
	return c, u
}

func makeBot(t *testing.T, by *client.Client, name string) *muster.Bot {
	t.Helper()
	b, err := by.CreateBot(t.Context(), &muster.Bot{Username: name, DisplayName: "The " + name, Description: "does things"})
	require.NoError(t, err)
	for time.Now().UnixMilli() <= b.CreateAt { // lists are ordered by it: the next bot is younger
		runtime.Gosched()
	}
	return b
}

func botNames(t *testing.T, by *client.Client, q client.BotsQuery) string {
	t.Helper()
	list, err := by.Bots(t.Context(), q)
	require.NoError(t, err)
	var names []string
	for _, b := range list {
		names = append(names, b.Username)
	}
	return strings.Join(names, " ")
}

func TestABotIsCreated(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, annUser := keeper(t, s, "ann")
		bob, _ := s.User(t, "bob")
		_, err := ann.CreateBot(ctx, &muster.Bot{Username: "robot"})
		refused(t, err, 403, "api.bot.create_disabled")
		s.Configure(t, botsOn)
		_, err = bob.CreateBot(ctx, &muster.Bot{Username: "robot"})
		refused(t, err, 403, noPermission)
		s.ForgetEvents()
		b := makeBot(t, ann, "Robot")
		if b.Username != "robot" || b.DisplayName != "The Robot" || b.OwnerID != annUser.ID || b.DeleteAt != 0 || b.Description != "does things" {
			t.Fatalf("%+v", b)
		}
		if events := s.Events(muster.EventNewUser); len(events) != 1 || events[0].Data["user_id"] != b.UserID {
			t.Fatalf("%+v", events)
		}
		onRecord(t, s, annUser.ID, "/bots", "user_id="+b.UserID)
		u, err := bob.User(ctx, b.UserID)
		require.NoError(t, err)
		if !u.IsBot || u.Username != "robot" || u.Roles != "system_user" || u.FirstName != "The Robot" || u.BotDescription != "does things" {
			t.Fatalf("%+v", u)
		}
		_, err = ann.CreateBot(ctx, &muster.Bot{Username: "ROBOT"})
		refused(t, err, 400, "app.user.save.username_exists.app_error")
		for field, in := range map[string]*muster.Bot{
			"username": {Username: "a b"}, "display_name": {Username: "x", DisplayName: strings.Repeat("x", 65)}, "description": {Username: "x", Description: strings.Repeat("x", 1025)},
		} {
			_, err = ann.CreateBot(ctx, in)
			refused(t, err, 400, "model.bot.is_valid."+field+".app_error")
		}
		for _, password := range []string{"x", testserver.Password} {
			_, err = s.Client().Login(ctx, "robot", password)
			refused(t, err, 401, badCredentials)
		}
		admin, _ := s.Admin(t)
		_, robot := issue(t, s, ann, b.UserID)
		require.NoError(t, admin.UpdateUserRoles(ctx, b.UserID, tokenHolder)) // which may create bots
		_, err = robot.CreateBot(ctx, &muster.Bot{Username: "child"})
		refused(t, err, 403, noPermission)
	})
}

func TestWhoSeesABot(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, annUser := keeper(t, s, "ann")
		bob, bobUser := keeper(t, s, "bob")
		admin, _ := s.Admin(t)
		anns, bobs := makeBot(t, ann, "anns"), makeBot(t, bob, "bobs")
		disabled := makeBot(t, ann, "disabled")
		_, err := ann.DisableBot(ctx, disabled.UserID)
		require.NoError(t, err)

		got, err := ann.Bot(ctx, anns.UserID, false)
		require.NoError(t, err)
		if *got != *anns {
			t.Fatalf("%+v, was %+v", got, anns)
		}
		carl, _ := s.User(t, "carl")
		for _, c := range []*client.Client{bob, carl} {
			_, err = c.Bot(ctx, anns.UserID, false)
			refused(t, err, 404, unknownBot)
		}
		_, err = admin.Bot(ctx, anns.UserID, false)
		require.NoError(t, err)
		_, err = admin.Bot(ctx, annUser.ID, false)
		refused(t, err, 404, unknownBot)
		_, err = ann.Bot(ctx, disabled.UserID, false)
		refused(t, err, 404, unknownBot)
		if got, err = ann.Bot(ctx, disabled.UserID, true); err != nil || got.DeleteAt == 0 {
			t.Fatal(got, err)
		}

		_, err = carl.Bots(ctx, client.BotsQuery{})
		refused(t, err, 403, noPermission)
		s.Configure(t, `{"ServiceSettings":{"DisableBotsWhenOwnerIsDeactivated":false}}`)
		require.NoError(t, admin.UpdateUserActive(ctx, bobUser.ID, false))
		for _, c := range []struct {
			by   *client.Client
			q    client.BotsQuery
			want string
		}{
			{ann, client.BotsQuery{}, "anns"},
			{ann, client.BotsQuery{IncludeDeleted: true}, "anns disabled"},
			{ann, client.BotsQuery{OnlyOrphaned: true}, ""},
			{admin, client.BotsQuery{}, "anns bobs"},
			{admin, client.BotsQuery{IncludeDeleted: true}, "anns bobs disabled"},
			{admin, client.BotsQuery{OnlyOrphaned: true}, "bobs"},
			{admin, client.BotsQuery{IncludeDeleted: true, Page: 1, PerPage: 2}, "disabled"},
		} {
			if got := botNames(t, c.by, c.q); got != c.want {
				t.Errorf("%+v: %q, want %q", c.q, got, c.want)
			}
		}
		if got, err = admin.Bot(ctx, bobs.UserID, false); err != nil || got.DeleteAt != 0 {
			t.Fatal(got, err)
		}
	})
}

func TestWhoChangesABot(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, _ := keeper(t, s, "ann")
		bob, _ := keeper(t, s, "bob")
		reader, readerUser := s.User(t, "reader")
		admin, _ := s.Admin(t)
		role, err := admin.RoleByName(ctx, "system_user_manager")
		require.NoError(t, err)
		granted := append(role.Permissions, "read_others_bots", "assign_bot")
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &granted})
		require.NoError(t, err)
		require.NoError(t, admin.UpdateUserRoles(ctx, readerUser.ID, "system_user system_user_manager"))
		b := makeBot(t, ann, "robot")
		token, robot := issue(t, s, ann, b.UserID)

		try := func(c *client.Client, id string) (ends []error) {
			_, patch := c.PatchBot(ctx, id, &muster.BotPatch{Username: ptr("stolen")})
			_, disable := c.DisableBot(ctx, id)
			_, enable := c.EnableBot(ctx, id)
			return []error{patch, disable, enable}
		}
		for _, err := range try(bob, b.UserID) { // for whom it is not there
			refused(t, err, 404, unknownBot)
		}
		for _, err := range try(reader, b.UserID) { // who may look at it
			refused(t, err, 403, noPermission)
		}
		for _, err := range try(admin, ghostID) {
			refused(t, err, 404, unknownBot)
		}
		_, err = reader.AssignBot(ctx, b.UserID, readerUser.ID)
		refused(t, err, 403, noPermission)
		_, err = ann.AssignBot(ctx, b.UserID, readerUser.ID) // the owner has no assign_bot
		refused(t, err, 403, noPermission)
		for name, err := range map[string]error{
			"tokens":  errorOf(bob.AccessTokensOf(ctx, b.UserID, 0, 10)),
			"create":  errorOf(bob.CreateAccessToken(ctx, b.UserID, "x", 0)),
			"token":   errorOf(bob.AccessToken(ctx, token.ID)),
			"disable": bob.DisableAccessToken(ctx, token.ID),
			"revoke":  bob.RevokeAccessToken(ctx, token.ID),
		} {
			if err == nil {
				t.Fatal(name)
			}
			refused(t, err, 404, unknownBot)
		}
		works(t, robot)
		for i, err := range try(ann, b.UserID) {
			if err != nil {
				t.Errorf("the owner's try %d: %v", i, err)
			}
		}
		works(t, robot)
	})
}

func errorOf(_ any, err error) error { return err }

func TestABotIsChanged(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, annUser := keeper(t, s, "ann")
		b := makeBot(t, ann, "robot")
		s.ForgetEvents()
		got, err := ann.PatchBot(ctx, b.UserID, &muster.BotPatch{Username: ptr(" Machine "), DisplayName: ptr("New"), Description: ptr("rests")})
		require.NoError(t, err)
		if got.Username != "machine" || got.DisplayName != "New" || got.Description != "rests" || got.OwnerID != annUser.ID || got.UpdateAt < b.UpdateAt {
			t.Fatalf("%+v", got)
		}
		u, err := ann.UserByUsername(ctx, "machine")
		require.NoError(t, err)
		if u.ID != b.UserID || u.FirstName != "New" || u.BotDescription != "rests" {
			t.Fatalf("%+v", u)
		}
		_, err = ann.UserByUsername(ctx, "robot")
		refused(t, err, 404, "app.user.get_by_username.app_error")
		found, err := ann.SearchUsers(ctx, client.UserSearch{Term: "machine"})
		if err != nil || len(found) != 1 {
			t.Fatal(len(found), err)
		}
		if n := len(s.Events(muster.EventUserUpdated)); n != 3 {
			t.Fatalf("%d events", n)
		}
		onRecord(t, s, annUser.ID, "/bots/"+b.UserID, "bot_id="+b.UserID)
		_, err = ann.PatchBot(ctx, b.UserID, &muster.BotPatch{Username: ptr("ann"), Description: ptr("lost")})
		refused(t, err, 400, "app.user.save.username_exists.app_error")
		_, err = ann.PatchBot(ctx, b.UserID, &muster.BotPatch{Username: ptr("a b"), Description: ptr("lost")})
		refused(t, err, 400, "model.bot.is_valid.username.app_error")
		if got, err = ann.Bot(ctx, b.UserID, false); err != nil || got.Username != "machine" || got.Description != "rests" {
			t.Fatal(got, err)
		}
		makeBot(t, ann, "robot") // the name, and the address made of it, are free
	})
}

func TestADisabledBotStopsAtOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, annUser := keeper(t, s, "ann")
		b := makeBot(t, ann, "robot")
		_, robot := issue(t, s, ann, b.UserID)
		works(t, robot)
		got, err := ann.DisableBot(ctx, b.UserID)
		require.NoError(t, err)
		if got.DeleteAt == 0 {
			t.Fatalf("%+v", got)
		}
		stopped(t, robot)
		if list, err := s.Store.Sessions(ctx, b.UserID); err != nil || len(list) != 0 {
			t.Fatal(len(list), err)
		}
		got, err = ann.EnableBot(ctx, b.UserID)
		require.NoError(t, err)
		if got.DeleteAt != 0 {
			t.Fatalf("%+v", got)
		}
		works(t, robot)
		for _, way := range []string{"disable", "enable"} {
			onRecord(t, s, annUser.ID, "/bots/"+b.UserID+"/"+way, "bot_id="+b.UserID)
		}
	})
}

func TestABotIsAssigned(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, _ := keeper(t, s, "ann")
		bob, bobUser := keeper(t, s, "bob")
		_, gone := s.User(t, "gone")
		admin, adminUser := s.Admin(t)
		require.NoError(t, admin.UpdateUserActive(ctx, gone.ID, false))
		b, other := makeBot(t, ann, "robot"), makeBot(t, ann, "other")
		for _, owner := range []string{gone.ID, other.UserID, b.UserID} {
			_, err := admin.AssignBot(ctx, b.UserID, owner)
			refused(t, err, 400, badInURL)
		}
		_, err := admin.AssignBot(ctx, b.UserID, ghostID)
		refused(t, err, 404, unknownAccount)
		_, err = admin.AssignBot(ctx, bobUser.ID, bobUser.ID)
		refused(t, err, 404, unknownBot)
		got, err := admin.AssignBot(ctx, b.UserID, bobUser.ID)
		require.NoError(t, err)
		if got.OwnerID != bobUser.ID {
			t.Fatalf("%+v", got)
		}
		onRecord(t, s, adminUser.ID, "/assign/"+bobUser.ID, "bot_id="+b.UserID)
		_, err = ann.Bot(ctx, b.UserID, false)
		refused(t, err, 404, unknownBot)
		_, err = bob.Bot(ctx, b.UserID, false)
		require.NoError(t, err)
	})
}

func TestBotsEndWithTheirOwner(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, annUser := keeper(t, s, "ann")
		bob, bobUser := keeper(t, s, "bob")
		admin, _ := s.Admin(t)
		b, bobs := makeBot(t, ann, "robot"), makeBot(t, bob, "bobs")
		_, robot := issue(t, s, ann, b.UserID)
		_, bobsRobot := issue(t, s, bob, bobs.UserID)
		works(t, robot)
		works(t, bobsRobot)
		require.NoError(t, admin.UpdateUserActive(ctx, annUser.ID, false))
		stopped(t, robot)
		works(t, bobsRobot)
		if got, err := admin.Bot(ctx, b.UserID, true); err != nil || got.DeleteAt == 0 {
			t.Fatal(got, err)
		}
		require.NoError(t, admin.UpdateUserActive(ctx, annUser.ID, true))
		stopped(t, robot) // somebody has to want it back

		s.Configure(t, `{"ServiceSettings":{"DisableBotsWhenOwnerIsDeactivated":false,"EnableAPIUserDeletion":true}}`)
		require.NoError(t, admin.UpdateUserActive(ctx, bobUser.ID, false))
		works(t, bobsRobot)
		s.Configure(t, `{"ServiceSettings":{"DisableBotsWhenOwnerIsDeactivated":true}}`)
		require.NoError(t, admin.DeleteUserPermanently(ctx, bobUser.ID))
		stopped(t, bobsRobot)
		if got := botNames(t, admin, client.BotsQuery{IncludeDeleted: true, OnlyOrphaned: true}); got != "bobs" {
			t.Fatal(got)
		}
	})
}

func TestABotHasAccessTokensOfItsOwn(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, _ := keeper(t, s, "ann")
		admin, _ := s.Admin(t)
		b := makeBot(t, ann, "robot")
		token, robot := issue(t, s, ann, b.UserID)
		_, err := robot.CreateAccessToken(ctx, "me", "x", 0)
		refused(t, err, 403, noPermission)
		require.NoError(t, admin.UpdateUserRoles(ctx, b.UserID, tokenHolder))
		_, err = robot.CreateAccessToken(ctx, "me", "x", 0)
		refused(t, err, 403, "api.context.access_token_not_allowed.app_error")
		own, again := issue(t, s, ann, b.UserID)
		works(t, again)
		for _, c := range []*client.Client{robot, ann, admin} {
			list, err := c.AccessTokensOf(ctx, b.UserID, 0, 10)
			if err != nil || len(list) != 2 {
				t.Fatal(len(list), err)
			}
		}
		require.NoError(t, robot.RevokeAccessToken(ctx, own.ID))
		stopped(t, again)
		require.NoError(t, robot.DisableAccessToken(ctx, token.ID)) // its own
		stopped(t, robot)
		require.NoError(t, ann.EnableAccessToken(ctx, token.ID))
		works(t, robot)
		sessions, err := s.Store.Sessions(ctx, b.UserID)
		if err != nil || len(sessions) != 1 || sessions[0].Props[muster.SessionPropIsBot] != "true" {
			t.Fatal(len(sessions), err)
		}
	})
}

func TestAPersonBecomesABot(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		n := mfaServer(t, s)
		s = n.Server
		s.Configure(t, botsOn)
		admin, adminUser := s.Admin(t)
		ann, me := holder(t, s, "ann")
		a, recovery := enrol(t, n, ann)
		_, script := issue(t, s, ann, "me")
		works(t, script)
		works(t, ann)
		for _, id := range []string{me.ID, ghostID} {
			_, err := ann.ConvertUserToBot(ctx, id)
			refused(t, err, 403, noPermission)
		}
		_, err := admin.ConvertUserToBot(ctx, adminUser.ID)
		refused(t, err, 400, "app.user.update.lastAdmin.app_error")
		_, err = admin.ConvertUserToBot(ctx, ghostID)
		refused(t, err, 404, unknownAccount)

		b, err := admin.ConvertUserToBot(ctx, me.ID)
		require.NoError(t, err)
		if b.UserID != me.ID || b.Username != "ann" || b.OwnerID != me.ID {
			t.Fatalf("%+v", b)
		}
		onRecord(t, s, adminUser.ID, "/users/"+me.ID+"/convert_to_bot", "user_id="+me.ID)
		stopped(t, ann)
		got, err := script.Me(ctx)
		require.NoError(t, err)
		if !got.IsBot || got.MfaActive || got.Roles != tokenHolder {
			t.Fatalf("%+v", got)
		}
		events := n.Events(muster.EventUserUpdated)
		if len(events) == 0 || !events[len(events)-1].Data["user"].(*muster.User).IsBot {
			t.Fatal("nobody was told")
		}
		for _, code := range []string{"", a.code(0), recovery[0]} {
			refused(t, signInBy(t, s, "ann", code), 401, botLogin)
		}
		_, err = s.Client().Login(ctx, "ann", "wrong")
		refused(t, err, 401, badCredentials)
		if needed, err := s.Client().CheckMfa(ctx, "ann"); err != nil || needed {
			t.Fatal(needed, err)
		}
		_, err = admin.ConvertUserToBot(ctx, me.ID)
		refused(t, err, 400, "api.bot.convert_to_bot.already_bot.app_error")

		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, false)) // it is its own owner, and ends once
		stopped(t, script)
		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, true))
		works(t, script)

		second, secondUser := s.User(t, "second")
		require.NoError(t, admin.UpdateUserRoles(ctx, secondUser.ID, "system_user system_admin"))
		_, err = admin.ConvertUserToBot(ctx, adminUser.ID) // which is not the last any more
		require.NoError(t, err)
		stopped(t, admin)
		_, err = second.ConvertUserToBot(ctx, secondUser.ID) // bots are no administrators to count on
		refused(t, err, 400, "app.user.update.lastAdmin.app_error")
	})
}

func TestABotsPendingLinksAreVoid(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, me := s.User(t, "ann")
		_, err := admin.CreateUser(ctx, account("bob"))
		require.NoError(t, err)
		require.NoError(t, s.Client().SendPasswordReset(ctx, "ann@example.com"))
		link := s.MailedToken(t, "ann@example.com", 1)
		_, err = admin.ConvertUserToBot(ctx, me.ID)
		require.NoError(t, err)
		refused(t, s.Client().ResetPassword(ctx, link, "An0ther!password"), 400, "api.user.reset_password.invalid_link.app_error")
		require.NoError(t, s.Client().SendPasswordReset(ctx, "ann@example.com"))
		require.NoError(t, s.Client().SendVerification(ctx, "ann@example.com"))
		require.NoError(t, s.Client().SendPasswordReset(ctx, "bob@example.com")) // mails go out in order
		s.Mails(t, "bob@example.com", 1)
		if n := len(s.Mails(t, "ann@example.com", 0)); n != 1 {
			t.Fatalf("%d mails to a bot", n-1)
		}
	})
}

func TestABotBecomesAPerson(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		ann, annUser := keeper(t, s, "ann")
		admin, adminUser := s.Admin(t)
		b := makeBot(t, ann, "robot")
		token, robot := issue(t, s, ann, b.UserID)
		works(t, robot)
		secret := &muster.UserPatch{Password: ptr("N3w!password"), Email: ptr("robin@example.com"), FirstName: ptr("Robin")}
		_, err := ann.ConvertBotToUser(ctx, b.UserID, secret, false)
		refused(t, err, 403, noPermission)
		_, err = admin.ConvertBotToUser(ctx, b.UserID, &muster.UserPatch{FirstName: ptr("Robin")}, false)
		refused(t, err, 400, badParameter)
		s.Configure(t, `{"PasswordSettings":{"MinimumLength":10}}`)
		_, err = admin.ConvertBotToUser(ctx, b.UserID, &muster.UserPatch{Password: ptr("short")}, false)
		if e, ok := err.(*client.Error); !ok || e.StatusCode != 400 || !strings.HasPrefix(e.ID, "model.user.is_valid.pwd") { //nolint:errorlint // as refused
			t.Fatal(err)
		}
		_, err = admin.ConvertBotToUser(ctx, b.UserID, &muster.UserPatch{Password: ptr("N3w!password"), Username: ptr("ann")}, false)
		refused(t, err, 400, "app.user.save.username_exists.app_error")
		works(t, robot) // nothing happened yet
		for _, id := range []string{ghostID, annUser.ID} {
			_, err = admin.ConvertBotToUser(ctx, id, secret, false)
			refused(t, err, 404, unknownBot)
		}

		u, err := admin.ConvertBotToUser(ctx, b.UserID, secret, false)
		require.NoError(t, err)
		if u.ID != b.UserID || u.Roles != "system_user" || u.Password != "" {
			t.Fatalf("%+v", u)
		}
		onRecord(t, s, adminUser.ID, "/bots/"+b.UserID+"/convert_to_user", "bot_id="+b.UserID)
		stopped(t, robot)
		_, err = admin.AccessToken(ctx, token.ID)
		refused(t, err, 404, unknownToken)
		_, err = admin.Bot(ctx, b.UserID, true)
		refused(t, err, 404, unknownBot)
		robin := s.Client()
		if u, err = robin.Login(ctx, "robin@example.com", "N3w!password"); err != nil || u.IsBot || u.FirstName != "Robin" || u.BotDescription != "" {
			t.Fatal(u, err)
		}
		_, err = robin.Config(ctx)
		refused(t, err, 403, noPermission)

		chief := makeBot(t, admin, "chief")
		_, err = admin.ConvertBotToUser(ctx, chief.UserID, &muster.UserPatch{Password: ptr("N3w!password")}, true)
		require.NoError(t, err)
		c := s.Client()
		_, err = c.Login(ctx, "chief", "N3w!password")
		require.NoError(t, err)
		_, err = c.Config(ctx)
		require.NoError(t, err)
		require.NoError(t, c.UpdateUserRoles(ctx, adminUser.ID, "system_user")) // it counts as an administrator
	})
}

func TestABotIsMadeOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, botsOn)
		admin, _ := s.Admin(t)
		ends := together(8, func(i int) error {
			_, err := admin.CreateBot(t.Context(), &muster.Bot{Username: "robot", DisplayName: fmt.Sprint(i)})
			return err
		})
		oneWins(t, ends, 400, "app.user.save.username_exists.app_error")
		if got := botNames(t, admin, client.BotsQuery{}); got != "robot" {
			t.Fatal(got)
		}
	})
}
