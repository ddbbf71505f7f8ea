package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

const (
	ghostID        = "ghostghostghostghostghostg"
	badParameter   = "api.context.invalid_body_param.app_error"
	badInURL       = "api.context.invalid_url_param.app_error"
	noPermission   = "api.context.permissions.app_error"
	sessionEnded   = "api.context.session_expired.app_error"
	unknownAccount = "app.user.missing_account.const"
	unknownToken   = "app.user_access_token.get_by_user.app_error"
	badCredentials = "api.user.login.invalid_credentials_email_username"
	tokensOn       = `{"ServiceSettings":{"EnableUserAccessTokens":true}}`
	tokensOff      = `{"ServiceSettings":{"EnableUserAccessTokens":false}}`
	tokenHolder    = "system_user system_user_access_token"
)

// holder makes an account that may have access tokens, on a server that allows them.
func holder(t *testing.T, s *testserver.Server, name string) (*client.Client, *muster.User) {
	t.Helper()
	s.Configure(t, tokensOn)
	c, u := s.User(t, name)
	admin, _ := s.Admin(t)
	require.NoError(t, admin.UpdateUserRoles(t.Context(), u.ID, tokenHolder))
	return c, u
}

// issue makes an access token and a client that acts by it.
func issue(t *testing.T, s *testserver.Server, by *client.Client, userID string) (*muster.AccessToken, *client.Client) {
	t.Helper()
	token, err := by.CreateAccessToken(t.Context(), userID, "a script", 0)
	require.NoError(t, err)
	return token, bearer(s, token.Token)
}

// works holds that a client is signed in.
func works(t *testing.T, c *client.Client) {
	t.Helper()
	_, err := c.Me(t.Context())
	require.NoError(t, err)
}

// stopped holds that a client is signed in no more.
func stopped(t *testing.T, c *client.Client) {
	t.Helper()
	_, err := c.Me(t.Context())
	refused(t, err, 401, sessionEnded)
}

func TestAnAccessTokenActsAsItsOwner(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := holder(t, s, "ann")
		token, script := issue(t, s, ann, "me")
		if !muster.ValidID(token.Token) || token.Token == token.ID || token.UserID != me.ID || !token.IsActive || token.Description != "a script" || token.LastUsedAt != 0 {
			t.Fatalf("%+v", token)
		}
		onRecord(t, s, me.ID, "/users/me/tokens", "user_id="+me.ID+" token_id="+token.ID)
		got, err := script.Me(ctx)
		require.NoError(t, err)
		if got.ID != me.ID {
			t.Fatalf("the token acts as %s", got.ID)
		}
		sessions, err := ann.Sessions(ctx, "me")
		require.NoError(t, err)
		if len(sessions) != 2 || slices.IndexFunc(sessions, func(x *muster.Session) bool {
			return x.OfAccessToken() && x.Props[muster.SessionPropTokenID] == token.ID && x.Token == ""
		}) < 0 {
			t.Fatalf("%d sessions, none of them the token's", len(sessions))
		}
	})
}

func TestAnAccessTokenIsShownOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := holder(t, s, "ann")
		admin, _ := s.Admin(t)
		token, script := issue(t, s, ann, "me")
		works(t, script)
		one, err := ann.AccessToken(ctx, token.ID)
		require.NoError(t, err)
		lists := []*muster.AccessToken{one}
		for _, list := range []func() ([]*muster.AccessToken, error){
			func() ([]*muster.AccessToken, error) { return ann.AccessTokensOf(ctx, "me", 0, 10) },
			func() ([]*muster.AccessToken, error) { return admin.AccessTokensOf(ctx, me.ID, 0, 10) },
			func() ([]*muster.AccessToken, error) { return admin.AccessTokens(ctx, 0, 10) },
			func() ([]*muster.AccessToken, error) { return admin.SearchAccessTokens(ctx, "ann") },
		} {
			l, err := list()
			require.NoError(t, err)
			if len(l) != 1 {
				t.Fatalf("%d tokens", len(l))
			}
			lists = append(lists, l...)
		}
		for i, got := range lists {
			if got.ID != token.ID || got.Token != "" || got.LastUsedAt == 0 {
				t.Errorf("%d: %+v", i, got)
			}
		}
		notStored(t, me.ID, token.Token, ann.Token())
	})
}

// Each way to stop a token is tried on one that was just used, so that a cached sign-in would show.
func TestAnAccessTokenStopsAtOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := holder(t, s, "ann")
		admin, _ := s.Admin(t)
		token, script := issue(t, s, ann, "me")
		for name, way := range map[string]struct{ stop, start func() error }{
			"disabled": {
				func() error { return ann.DisableAccessToken(ctx, token.ID) },
				func() error { return ann.EnableAccessToken(ctx, token.ID) },
			},
			"owner deactivated": {
				func() error { return admin.UpdateUserActive(ctx, me.ID, false) },
				func() error {
					defer func() { ann, _ = s.SignIn(t, "ann") }()
					return admin.UpdateUserActive(ctx, me.ID, true)
				},
			},
			"tokens turned off": {
				func() error { s.Configure(t, tokensOff); return nil },
				func() error { s.Configure(t, tokensOn); return nil },
			},
		} {
			works(t, script)
			require.NoError(t, way.stop())
			stopped(t, script)
			require.NoError(t, way.start())
			if _, err := script.Me(ctx); err != nil {
				t.Errorf("%s, and allowed again: %v", name, err)
			}
		}
		require.NoError(t, ann.DisableAccessToken(ctx, token.ID))
		if got, err := ann.AccessToken(ctx, token.ID); err != nil || got.IsActive {
			t.Fatal(got, err)
		}
		require.NoError(t, ann.EnableAccessToken(ctx, token.ID))
		works(t, script)
		require.NoError(t, ann.RevokeAccessToken(ctx, token.ID))
		stopped(t, script)
		refused(t, ann.EnableAccessToken(ctx, token.ID), 404, unknownToken)
		for _, operation := range []string{"disable", "enable", "revoke"} {
			onRecord(t, s, me.ID, "/users/tokens/"+operation, "token_id="+token.ID)
		}
		_, other := issue(t, s, ann, "me")
		works(t, other)
		s.Configure(t, `{"ServiceSettings":{"EnableAPIUserDeletion":true}}`)
		require.NoError(t, admin.DeleteUserPermanently(ctx, me.ID))
		stopped(t, other)
	})
}

func TestAnAccessTokensEnd(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := holder(t, s, "ann")
		now := time.Now()
		for _, end := range []int64{-1, 1, now.Add(-time.Second).UnixMilli()} {
			_, err := ann.CreateAccessToken(ctx, "me", "x", end)
			refused(t, err, 400, badParameter)
		}
		end := now.Add(time.Hour).UnixMilli()
		used, err := ann.CreateAccessToken(ctx, "me", "used", end)
		require.NoError(t, err)
		unused, err := ann.CreateAccessToken(ctx, "me", "never used", end)
		require.NoError(t, err)
		endless, err := ann.CreateAccessToken(ctx, "me", "endless", 0)
		require.NoError(t, err)
		if used.ExpiresAt != end || endless.ExpiresAt != 0 {
			t.Fatal(used.ExpiresAt, endless.ExpiresAt)
		}
		works(t, bearer(s, used.Token))
		works(t, bearer(s, endless.Token))
		later := otherNode(t, s, 2*time.Hour)
		stopped(t, bearer(later.Server, used.Token))
		stopped(t, bearer(later.Server, unused.Token))
		works(t, bearer(later.Server, endless.Token))
		later.pass(-90 * time.Minute)
		last := bearer(later.Server, used.Token)
		works(t, last)
		later.pass(time.Hour) // in the cache
		stopped(t, last)
	})
}

func TestAnAccessTokensLongestLife(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := holder(t, s, "ann")
		s.Configure(t, `{"ServiceSettings":{"UserAccessTokenMaxLifetimeInDays":30}}`)
		const day = 24 * time.Hour
		_, err := ann.CreateAccessToken(ctx, "me", "too long", time.Now().Add(31*day).UnixMilli())
		refused(t, err, 400, badParameter)
		wanted := time.Now().Add(29 * day).UnixMilli()
		within, err := ann.CreateAccessToken(ctx, "me", "within", wanted)
		require.NoError(t, err)
		before := time.Now()
		silent, err := ann.CreateAccessToken(ctx, "me", "names no end", 0)
		require.NoError(t, err)
		latest := time.Now().Add(30 * day).UnixMilli()
		if within.ExpiresAt != wanted || silent.ExpiresAt < before.Add(30*day).UnixMilli() || silent.ExpiresAt > latest {
			t.Fatalf("ends at %d and %d", within.ExpiresAt, silent.ExpiresAt)
		}
		list, err := ann.AccessTokensOf(ctx, "me", 0, 10)
		require.NoError(t, err)
		if len(list) != 2 || list[0].ExpiresAt != wanted && list[1].ExpiresAt != wanted {
			t.Fatalf("%+v", list)
		}
	})
}

func TestAnAccessTokenHasItsOwnersRightsAndNoMore(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := holder(t, s, "ann")
		admin, _ := s.Admin(t)
		require.NoError(t, admin.UpdateUserRoles(ctx, me.ID, "system_user system_admin"))
		token, script := issue(t, s, ann, "me")
		_, err := script.Config(ctx)
		require.NoError(t, err)
		require.NoError(t, admin.UpdateUserRoles(ctx, me.ID, "system_user"))
		_, err = script.Config(ctx)
		refused(t, err, 403, noPermission)
		_, err = script.AccessToken(ctx, token.ID)
		refused(t, err, 403, noPermission)
		_, err = script.CreateAccessToken(ctx, "me", "another", 0)
		refused(t, err, 403, noPermission)
		works(t, script)
	})
}

func TestOthersAccessTokensAreTheirs(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, annUser := holder(t, s, "ann")
		bob, _ := holder(t, s, "bob")
		carl, _ := s.User(t, "carl") // has no right to tokens
		admin, adminUser := s.Admin(t)
		token, script := issue(t, s, ann, "me")
		adminsToken, adminsScript := issue(t, s, admin, "me")
		role, err := admin.RoleByName(ctx, "system_user_manager") // edits people, but is no administrator
		require.NoError(t, err)
		granted := append(role.Permissions, "edit_other_users", "read_user_access_token", "create_user_access_token", "revoke_user_access_token")
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &granted})
		require.NoError(t, err)
		manager, managerUser := s.User(t, "manager")
		require.NoError(t, admin.UpdateUserRoles(ctx, managerUser.ID, "system_user system_user_manager"))

		tries := func(by *client.Client, id, ownerID string) map[string]error {
			_, read := by.AccessToken(ctx, id)
			_, list := by.AccessTokensOf(ctx, ownerID, 0, 10)
			_, create := by.CreateAccessToken(ctx, ownerID, "mine now", 0)
			return map[string]error{
				"read": read, "list": list, "create": create, "disable": by.DisableAccessToken(ctx, id),
				"enable": by.EnableAccessToken(ctx, id), "revoke": by.RevokeAccessToken(ctx, id),
			}
		}
		for name, results := range map[string]map[string]error{
			"bob of ann's":               tries(bob, token.ID, annUser.ID),
			"carl of ann's":              tries(carl, token.ID, annUser.ID),
			"carl of his own":            tries(carl, ghostID, "me"),
			"the manager of the admin's": tries(manager, adminsToken.ID, adminUser.ID),
		} {
			for try, err := range results {
				if err == nil {
					t.Fatalf("%s: %s", name, try)
				}
				refused(t, err, 403, noPermission)
			}
		}
		for _, list := range []func() ([]*muster.AccessToken, error){
			func() ([]*muster.AccessToken, error) { return bob.AccessTokens(ctx, 0, 10) },
			func() ([]*muster.AccessToken, error) { return bob.SearchAccessTokens(ctx, "ann") },
			func() ([]*muster.AccessToken, error) { return manager.AccessTokens(ctx, 0, 10) },
		} {
			_, err := list()
			refused(t, err, 403, noPermission)
		}
		works(t, script)
		works(t, adminsScript)
		if list, err := s.Store.AccessTokens(ctx, "", 0, 100); err != nil || len(list) != 2 {
			t.Fatalf("%d tokens, want the two: %v", len(list), err)
		}
		for try, err := range tries(manager, token.ID, annUser.ID) { // may, of ann's
			if err != nil {
				t.Errorf("the manager's %s: %v", try, err)
			}
		}
		for name, err := range tries(admin, ghostID, ghostID) {
			id := unknownToken
			if name == "list" || name == "create" {
				id = unknownAccount
			}
			refused(t, err, 404, id)
		}
	})
}

func TestAccessTokensAreSearched(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, annUser := holder(t, s, "ann")
		anne, _ := holder(t, s, "anne")
		admin, _ := s.Admin(t)
		first, _ := issue(t, s, ann, "me")
		second, _ := issue(t, s, anne, "me")
		for term, want := range map[string][]string{
			"ann": {first.ID, second.ID}, "ANNE": {second.ID}, first.ID: {first.ID}, first.ID[:20]: {first.ID}, annUser.ID[:20]: {first.ID},
			"nne": nil, "%": nil, "_nn": nil, "!": nil, "a script": nil, first.Token: nil,
		} {
			list, err := admin.SearchAccessTokens(ctx, term)
			require.NoError(t, err)
			var got []string
			for _, a := range list {
				got = append(got, a.ID)
			}
			slices.Sort(got)
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", term, got, want)
			}
		}
		for _, term := range []string{"", "\x00", strings.Repeat("x", muster.TokenSearchMaxBytes+1)} {
			_, err := admin.SearchAccessTokens(ctx, term)
			refused(t, err, 400, badParameter)
		}
	})
}

func TestEveryAccessTokenIsOnSomePage(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := holder(t, s, "ann")
		var made []string
		for range 5 {
			token, _ := issue(t, s, ann, "me")
			made = append(made, token.ID)
		}
		var seen []string
		for page := range 3 {
			list, err := ann.AccessTokensOf(ctx, "me", page, 2)
			require.NoError(t, err)
			for _, token := range list {
				seen = append(seen, token.ID)
			}
		}
		slices.Sort(made)
		if slices.Sort(seen); !slices.Equal(made, seen) {
			t.Fatalf("made %v, saw %v", made, seen)
		}
	})
}

func TestEndingSessionsEndsNoAccessToken(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := holder(t, s, "ann")
		admin, _ := s.Admin(t)
		_, script := issue(t, s, ann, "me")
		works(t, script)
		require.NoError(t, admin.RevokeAllSessions(ctx, me.ID))
		stopped(t, ann)
		works(t, script)
		require.NoError(t, admin.RevokeSessionsFromAllUsers(ctx))
		works(t, script)
		list, err := script.Sessions(ctx, "me")
		require.NoError(t, err)
		if len(list) != 1 {
			t.Fatalf("%d sessions", len(list))
		}
		require.NoError(t, script.RevokeSession(ctx, me.ID, list[0].ID))
		works(t, script)
	})
}

func TestAccessTokensAreTurnedOffForPeopleAlone(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, `{"ServiceSettings":{"EnableBotAccountCreation":true}}`) // access tokens are off from the start
		admin, _ := s.Admin(t)
		_, err := admin.CreateAccessToken(ctx, "me", "x", 0)
		refused(t, err, 501, "app.user_access_token.disabled")
		bot, err := admin.CreateBot(ctx, &muster.Bot{Username: "robot"})
		require.NoError(t, err)
		_, script := issue(t, s, admin, bot.UserID)
		got, err := script.Me(ctx)
		require.NoError(t, err)
		if got.ID != bot.UserID {
			t.Fatal(got.Username)
		}
		s.Configure(t, tokensOn)
		_, mine := issue(t, s, admin, "me")
		works(t, mine)
		s.Configure(t, tokensOff)
		stopped(t, mine)
		works(t, script)
	})
}

func TestAnAccessTokenIsDescribed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, _ := holder(t, s, "ann")
		_, err := ann.CreateAccessToken(t.Context(), "me", "", 0)
		refused(t, err, 400, badParameter)
		for _, text := range []string{"a\x00b", strings.Repeat("x", muster.TokenDescriptionMaxBytes+1), strings.Repeat("ü", 200)} {
			_, err := ann.CreateAccessToken(t.Context(), "me", text, 0)
			refused(t, err, 400, "model.user_access_token.is_valid.description.app_error")
		}
	})
}

func TestManyFirstUsesOfAnAccessTokenAreOneSession(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, me := holder(t, s, "ann")
		token, _ := issue(t, s, ann, "me")
		for i, err := range together(16, func(int) error { _, err := bearer(s, token.Token).Me(t.Context()); return err }) {
			if err != nil {
				t.Fatalf("use %d: %v", i, err)
			}
		}
		list, err := s.Store.Sessions(t.Context(), me.ID)
		require.NoError(t, err)
		if len(list) != 2 { // and the one that ann signed in with
			t.Fatalf("%d sessions", len(list))
		}
	})
}

// A device's session lives long, but a token ends when it was said to end.
func TestADeviceDoesNotProlongAToken(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, tokensOn)
		admin, me := s.Admin(t)
		token, err := admin.CreateAccessToken(ctx, me.ID, "short", time.Now().Add(time.Hour).UnixMilli())
		require.NoError(t, err)
		program := client.New(s.URL, client.WithToken(token.Token))
		require.NoError(t, program.AttachDevice(ctx, "apple:phone"))
		sessions, err := admin.Sessions(ctx, me.ID)
		require.NoError(t, err)
		for _, session := range sessions {
			if session.OfAccessToken() && session.ExpiresAt != token.ExpiresAt {
				t.Fatalf("ends at %d, want %d", session.ExpiresAt, token.ExpiresAt)
			}
		}
	})
}
