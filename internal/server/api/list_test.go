package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

func usernames(users []*muster.User) string {
	var names []string
	for _, u := range users {
		names = append(names, u.Username)
	}
	return strings.Join(names, " ")
}

// town is a team of ann and bob with a private channel of ann alone; carl belongs to neither, gus is a guest of ann's channel.
type town struct {
	admin, ann, bob, carl, gus *client.Client
	ids                        map[string]string
	team, private              string
}

func makeTown(t *testing.T, s *testserver.Server) *town {
	t.Helper()
	ctx := t.Context()
	w := &town{ids: map[string]string{}}
	w.admin, _ = s.Admin(t)
	s.Configure(t, `{"GuestAccountsSettings":{"Enable":true}}`)
	for name, c := range map[string]**client.Client{"ann": &w.ann, "bob": &w.bob, "carl": &w.carl, "gus": &w.gus} {
		var u *muster.User
		*c, u = s.User(t, name)
		w.ids[name] = u.ID
	}
	team, err := w.admin.CreateTeam(ctx, &muster.Team{Name: "town", DisplayName: "Town", Type: muster.TeamOpen})
	require.NoError(t, err)
	w.team = team.ID
	require.NoError(t, w.admin.UpdateUserRoles(ctx, w.ids["gus"], muster.RoleSystemGuest))
	for _, name := range []string{"ann", "bob", "gus"} {
		_, err := w.admin.AddTeamMember(ctx, team.ID, w.ids[name])
		require.NoError(t, err)
	}
	private, err := w.ann.CreateChannel(ctx, &muster.Channel{TeamID: team.ID, Name: "private", DisplayName: "Private", Type: muster.ChannelPrivate})
	require.NoError(t, err)
	w.private = private.ID
	_, err = w.ann.AddChannelMember(ctx, private.ID, w.ids["gus"])
	require.NoError(t, err)
	return w
}

func TestListsAreNarrowedAndRefused(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		for _, c := range []struct {
			who  *client.Client
			q    client.UsersQuery
			want string
		}{
			{w.bob, client.UsersQuery{}, "admin ann bob carl gus"},
			{w.bob, client.UsersQuery{InTeam: w.team}, "admin ann bob gus"},
			{w.bob, client.UsersQuery{NotInTeam: w.team}, "carl"},
			{w.ann, client.UsersQuery{InChannel: w.private}, "ann gus"},
			{w.ann, client.UsersQuery{InChannel: w.private, Sort: "admin"}, "ann gus"},
			{w.ann, client.UsersQuery{InTeam: w.team, NotInChannel: w.private}, "admin bob"},
			{w.admin, client.UsersQuery{WithoutTeam: true}, "carl"},
			{w.admin, client.UsersQuery{InTeam: w.team, TeamRoles: []string{"team_guest"}}, "gus"},
			{w.admin, client.UsersQuery{Role: "system_guest"}, "gus"},
			{w.bob, client.UsersQuery{InTeam: w.team, Page: 1, PerPage: 3}, "gus"},
			{w.gus, client.UsersQuery{}, "ann gus"},
		} {
			got, err := c.who.Users(ctx, c.q)
			if err != nil || usernames(got) != c.want {
				t.Errorf("%+v gave %q, want %q (%v)", c.q, usernames(got), c.want, err)
			}
		}
		_, err := w.carl.Users(ctx, client.UsersQuery{InTeam: w.team})
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = w.bob.Users(ctx, client.UsersQuery{InChannel: w.private})
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = w.bob.Users(ctx, client.UsersQuery{Sort: "nonsense"})
		refused(t, err, 400, "api.context.invalid_url_param.app_error")
		_, err = w.bob.Users(ctx, client.UsersQuery{InGroup: muster.NewID()})
		refused(t, err, 404, "app.group.no_rows")
	})
}

func TestAGuestSeesOnlyWhoSharesAChannel(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		_, err := w.gus.User(ctx, w.ids["ann"])
		require.NoError(t, err)
		_, err = w.gus.User(ctx, w.ids["bob"])
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = w.gus.UserByUsername(ctx, "bob")
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = w.gus.UserByUsername(ctx, "nobody") // nor whether there is such a person
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = w.gus.ProfileImage(ctx, w.ids["bob"])
		refused(t, err, 403, "api.context.permissions.app_error")
		list, err := w.gus.UsersByIDs(ctx, []string{w.ids["ann"], w.ids["bob"], w.ids["gus"]}, 0)
		if err != nil || usernames(list) != "ann gus" {
			t.Error(usernames(list), err)
		}
		list, err = w.gus.UsersByUsernames(ctx, []string{"ann", "bob"})
		if err != nil || usernames(list) != "ann" {
			t.Error(usernames(list), err)
		}
		list, err = w.gus.SearchUsers(ctx, client.UserSearch{Term: "b"})
		if err != nil || len(list) != 0 {
			t.Error(usernames(list), err)
		}
		auto, err := w.gus.AutocompleteUsers(ctx, client.Autocomplete{Name: ""})
		if err != nil || usernames(auto.Users) != "ann gus" {
			t.Error(auto, err)
		}
		known, err := w.gus.KnownUsers(ctx)
		if err != nil || !slices.Equal(known, []string{w.ids["ann"]}) {
			t.Error(known, err)
		}
		stats, err := w.gus.UsersStats(ctx)
		if err != nil || stats.TotalUsersCount != 2 {
			t.Error(stats, err)
		}
		statuses, err := w.gus.StatusesByIDs(ctx, []string{w.ids["ann"], w.ids["bob"]})
		if err != nil || len(statuses) != 1 {
			t.Error(statuses, err)
		}
	})
}

func TestPagingFindsEverybodyOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		var users []*muster.User
		for i := range 450 {
			u := account(fmt.Sprintf("u%03d", i))
			u.ID, u.CreateAt, u.UpdateAt, u.Roles = muster.NewID(), 1, 1, muster.RoleSystemUser
			users = append(users, u)
		}
		require.NoError(t, storetest.InsertUsers(ctx, s.Store, users))
		var names []string
		for u, err := range admin.AllUsers(ctx, client.UsersQuery{}) {
			require.NoError(t, err)
			names = append(names, u.Username)
		}
		if len(names) != 451 || !slices.IsSorted(names) || len(slices.Compact(names)) != 451 {
			t.Fatalf("%d names", len(names))
		}
	})
}

func TestEntityTagsFollowTheContent(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		auth := map[string]string{"Authorization": "Bearer " + ann.Token()}
		for _, path := range []string{"/users/me", "/users/" + me.ID, "/users/username/ann", "/users/email/ann@example.com"} {
			tag := rawRequest(t, s, "GET", path, "", auth).Header.Get("Etag")
			again := func() int {
				return rawRequest(t, s, "GET", path, "", map[string]string{"Authorization": auth["Authorization"], "If-None-Match": tag}).StatusCode
			}
			if tag == "" || again() != 304 {
				t.Fatalf("%s: tag %q", path, tag)
			}
			_, err := ann.PatchUser(ctx, "me", &muster.UserPatch{Nickname: ptr("n" + path)})
			require.NoError(t, err)
			if got := again(); got != 200 {
				t.Fatalf("%s: %d after a change", path, got)
			}
		}
	})
}
