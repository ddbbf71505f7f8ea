package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

const (
	noSuchGroup    = "app.group.no_rows"
	groupNameTaken = "app.custom_group.unique_name"
)

func newGroup(name string) *muster.Group {
	return &muster.Group{Name: ptr(name), DisplayName: name, Source: muster.GroupSourceCustom}
}

func makeGroup(t *testing.T, by *client.Client, name string, userIDs ...string) *muster.Group {
	t.Helper()
	g, err := by.CreateGroup(t.Context(), newGroup(name), userIDs...)
	require.NoError(t, err)
	return g
}

// groupNames are the names of a list of groups, in its order.
func groupNames(list []*muster.Group) string {
	var names []string
	for _, g := range list {
		names = append(names, *g.Name)
	}
	return strings.Join(names, " ")
}

// memberNames are the people of a group, whoever asks.
func memberNames(t *testing.T, s *testserver.Server, groupID string) string {
	t.Helper()
	admin, _ := s.Admin(t)
	m, err := admin.GroupMembers(t.Context(), groupID, 0, 0)
	require.NoError(t, err)
	if int(m.Total) != len(m.Members) {
		t.Errorf("%d members, but a total of %d", len(m.Members), m.Total)
	}
	return usernames(m.Members)
}

func TestAGroupIsMadeWithItsFirstMembers(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, a := s.User(t, "ann")
		_, b := s.User(t, "bob")
		in := newGroup("COOKS")
		in.DisplayName, in.Description, in.AllowReference = "The cooks", "All who cook.", true
		g, err := ann.CreateGroup(ctx, in, b.ID, a.ID, b.ID)
		require.NoError(t, err)
		if *g.Name != "cooks" || g.DisplayName != "The cooks" || g.Description != "All who cook." || !g.AllowReference ||
			g.Source != "custom" || *g.MemberCount != 2 || g.CreateAt == 0 || g.DeleteAt != 0 || g.HasSyncables {
			t.Errorf("%+v", g)
		}
		onRecord(t, s, a.ID, "/groups", "group_id="+g.ID)
		if got := memberNames(t, s, g.ID); got != "ann bob" {
			t.Errorf("members %q", got)
		}
		seen, err := ann.Group(ctx, g.ID)
		if err != nil || *seen.Name != "cooks" || *seen.MemberCount != 2 {
			t.Error(seen, err)
		}
		stats, err := ann.GroupStats(ctx, g.ID)
		if err != nil || stats.Members != 2 {
			t.Error(stats, err)
		}
		own, err := ann.GroupsOfUser(ctx, client.Me)
		if err != nil || groupNames(own) != "cooks" {
			t.Error(groupNames(own), err)
		}
		_, err = ann.GroupsOfUser(ctx, b.ID)
		refused(t, err, 403, noPermission)
		admin, _ := s.Admin(t)
		require.NoError(t, admin.DeleteUser(ctx, b.ID)) // who is deactivated does not count
		if seen, err = ann.Group(ctx, g.ID); err != nil || *seen.MemberCount != 1 || memberNames(t, s, g.ID) != "ann" {
			t.Error(seen, err)
		}
		_, err = ann.Group(ctx, muster.NewID())
		refused(t, err, 404, noSuchGroup)
	})
}

func TestAGroupThatCanNotBe(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, a := s.User(t, "ann")
		makeGroup(t, ann, "cooks")
		for name, c := range map[string]struct {
			change func(*muster.Group)
			status int
			id     string
		}{
			"a taken name":           {func(g *muster.Group) { g.Name = ptr("Cooks") }, 400, groupNameTaken},
			"a username":             {func(g *muster.Group) { g.Name = ptr("ANN") }, 400, "app.group.username_conflict"},
			"a reserved name":        {func(g *muster.Group) { g.Name = ptr("channel") }, 400, "model.group.name.reserved.app_error"},
			"no name":                {func(g *muster.Group) { g.Name = nil }, 400, "model.group.name.invalid_length.app_error"},
			"an empty name":          {func(g *muster.Group) { g.Name = ptr("") }, 400, "model.group.name.invalid_length.app_error"},
			"a long name":            {func(g *muster.Group) { g.Name = ptr(strings.Repeat("x", 65)) }, 400, "model.group.name.invalid_length.app_error"},
			"a name with blanks":     {func(g *muster.Group) { g.Name = ptr("the cooks") }, 400, "model.group.name.invalid_chars.app_error"},
			"no display name":        {func(g *muster.Group) { g.DisplayName = "" }, 400, "model.group.display_name.app_error"},
			"a long display name":    {func(g *muster.Group) { g.DisplayName = strings.Repeat("ü", 129) }, 400, "model.group.display_name.app_error"},
			"a long description":     {func(g *muster.Group) { g.Description = strings.Repeat("ü", 1025) }, 400, "model.group.description.app_error"},
			"a directory's":          {func(g *muster.Group) { g.Source = muster.GroupSourceLdap }, 400, "app.group.crud_permission"},
			"without saying whose":   {func(g *muster.Group) { g.Source = "" }, 400, "app.group.crud_permission"},
			"nothing wrong with one": {func(*muster.Group) {}, 0, ""},
		} {
			g := newGroup("fine")
			c.change(g)
			_, err := ann.CreateGroup(ctx, g, a.ID)
			if c.status == 0 {
				require.NoError(t, err)
				continue
			}
			t.Run(name, func(t *testing.T) { refused(t, err, c.status, c.id) })
		}
		_, err := ann.CreateGroup(ctx, newGroup("ghosts"), a.ID, muster.NewID())
		refused(t, err, 404, "app.user.missing_account.const")
		_, err = ann.CreateGroup(ctx, newGroup("ghosts"), "nobody")
		refused(t, err, 400, invalidBody)
		_, err = ann.CreateGroup(ctx, newGroup("ghosts"), slices.Repeat([]string{a.ID}, muster.GroupMembersMax+1)...)
		refused(t, err, 400, invalidBody)
		list, err := ann.Groups(ctx, client.GroupsQuery{Archived: true})
		if err != nil || groupNames(list) != "cooks fine" {
			t.Errorf("after the refusals there are %q (%v)", groupNames(list), err)
		}
		g := makeGroup(t, ann, "many", slices.Repeat([]string{a.ID}, muster.GroupMembersMax)...)
		if *g.MemberCount != 1 {
			t.Errorf("%d members", *g.MemberCount)
		}
	})
}

func TestOneOfTwoGroupsGetsTheName(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, a := s.User(t, "ann")
		oneWins(t, together(8, func(int) error {
			_, err := ann.CreateGroup(ctx, newGroup("cooks"), a.ID)
			return err
		}), 400, groupNameTaken)
		groups := make([]*muster.Group, 64)
		for i := range groups {
			groups[i] = makeGroup(t, ann, fmt.Sprint("g", i))
		}
		oneWins(t, together(len(groups), func(i int) error { // more than there are connections to the database
			_, err := ann.PatchGroup(ctx, groups[i].ID, &muster.GroupPatch{Name: ptr("bakers")})
			return err
		}), 400, groupNameTaken)
		list, err := ann.Groups(ctx, client.GroupsQuery{Term: "bakers"})
		if err != nil || len(list) != 1 {
			t.Error(groupNames(list), err)
		}
	})
}

func TestGroupsAreListedByEveryFilter(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		cooks := makeGroup(t, w.ann, "cooks", w.ids["ann"])
		in := newGroup("bakers")
		in.DisplayName, in.AllowReference = "zz 100%_Bakers", true
		bakers, err := w.ann.CreateGroup(ctx, in, w.ids["bob"])
		require.NoError(t, err)
		gone := makeGroup(t, w.ann, "gone")
		require.NoError(t, w.ann.DeleteGroup(ctx, gone.ID))
		_, err = w.admin.LinkGroupToTeam(ctx, cooks.ID, w.team, client.GroupLink{})
		require.NoError(t, err)
		_, err = w.ann.LinkGroupToChannel(ctx, bakers.ID, w.private, client.GroupLink{})
		require.NoError(t, err)
		for _, c := range []struct {
			q    client.GroupsQuery
			want string
		}{
			{client.GroupsQuery{}, "cooks bakers"},
			{client.GroupsQuery{Archived: true}, "cooks gone bakers"},
			{client.GroupsQuery{OnlyArchived: true}, "gone"},
			{client.GroupsQuery{Archived: true, OnlyArchived: true}, "gone"},
			{client.GroupsQuery{Term: "OOK"}, "cooks"},
			{client.GroupsQuery{Term: "ZZ"}, "bakers"},
			{client.GroupsQuery{Term: "%_b"}, "bakers"},
			{client.GroupsQuery{Term: "%ok"}, ""},
			{client.GroupsQuery{Term: "c_oks"}, ""},
			{client.GroupsQuery{Member: w.ids["ann"]}, "cooks"},
			{client.GroupsQuery{Member: muster.NewID()}, ""},
			{client.GroupsQuery{NotInTeam: w.team}, "bakers"},
			{client.GroupsQuery{NotInChannel: w.private}, "cooks"},
			{client.GroupsQuery{AllowReference: true}, "bakers"},
			{client.GroupsQuery{Source: muster.GroupSourceCustom}, "cooks bakers"},
			{client.GroupsQuery{Page: 1, PerPage: 1}, "bakers"},
			{client.GroupsQuery{Page: 2, PerPage: 1}, ""},
		} {
			list, err := w.ann.Groups(ctx, c.q)
			if err != nil || groupNames(list) != c.want {
				t.Errorf("%+v gave %q, want %q (%v)", c.q, groupNames(list), c.want, err)
			}
		}
		_, err = w.carl.Groups(ctx, client.GroupsQuery{NotInTeam: w.team})
		refused(t, err, 403, noPermission)
		_, err = w.bob.Groups(ctx, client.GroupsQuery{NotInChannel: w.private})
		refused(t, err, 403, noPermission)
		_, err = w.bob.Groups(ctx, client.GroupsQuery{Source: muster.GroupSourceLdap})
		refused(t, err, 403, noPermission)
		list, err := w.admin.Groups(ctx, client.GroupsQuery{Source: muster.GroupSourceLdap})
		if err != nil || len(list) != 0 {
			t.Error(groupNames(list), err)
		}
		_, err = w.bob.Groups(ctx, client.GroupsQuery{Term: strings.Repeat("x", 257)})
		refused(t, err, 400, invalidBody)
	})
}

func TestAGroupIsChangedArchivedAndRestored(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, a := s.User(t, "ann")
		s.User(t, "bob")
		g := makeGroup(t, ann, "cooks", a.ID)
		makeGroup(t, ann, "taken")
		p, err := ann.PatchGroup(ctx, g.ID, &muster.GroupPatch{Name: ptr("Chefs"), DisplayName: ptr("Chefs"), Description: ptr("x"), AllowReference: ptr(true)})
		if err != nil || *p.Name != "chefs" || p.DisplayName != "Chefs" || p.Description != "x" || !p.AllowReference || p.UpdateAt < g.UpdateAt || *p.MemberCount != 1 {
			t.Errorf("%+v (%v)", p, err)
		}
		onRecord(t, s, a.ID, "/patch", "group_id="+g.ID)
		for name, c := range map[string]struct {
			patch muster.GroupPatch
			id    string
		}{
			"a taken name":    {muster.GroupPatch{Name: ptr("taken")}, groupNameTaken},
			"a username":      {muster.GroupPatch{Name: ptr("bob")}, "app.group.username_conflict"},
			"a reserved name": {muster.GroupPatch{Name: ptr("all")}, "model.group.name.reserved.app_error"},
			"no display name": {muster.GroupPatch{DisplayName: ptr("")}, "model.group.display_name.app_error"},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := ann.PatchGroup(ctx, g.ID, &c.patch)
				refused(t, err, 400, c.id)
			})
		}
		require.NoError(t, ann.DeleteGroup(ctx, g.ID))
		archived, err := ann.Group(ctx, g.ID)
		if err != nil || archived.DeleteAt == 0 || *archived.Name != "chefs" {
			t.Errorf("%+v (%v)", archived, err)
		}
		_, err = ann.AddGroupMembers(ctx, g.ID, a.ID)
		refused(t, err, 404, noSuchGroup)
		_, err = ann.CreateGroup(ctx, newGroup("chefs"))
		refused(t, err, 400, groupNameTaken) // it may come back
		back, err := ann.RestoreGroup(ctx, g.ID)
		if err != nil || back.DeleteAt != 0 || memberNames(t, s, g.ID) != "ann" {
			t.Errorf("%+v (%v)", back, err)
		}
		_, err = ann.PatchGroup(ctx, muster.NewID(), &muster.GroupPatch{})
		refused(t, err, 404, noSuchGroup)
		refused(t, ann.DeleteGroup(ctx, muster.NewID()), 404, noSuchGroup)

		admin, _ := s.Admin(t)
		role, err := admin.RoleByName(ctx, muster.RoleSystemUser)
		require.NoError(t, err)
		without := slices.DeleteFunc(role.Permissions, func(p string) bool {
			return strings.HasSuffix(p, "_custom_group") || strings.HasPrefix(p, "manage_custom_group")
		})
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &without})
		require.NoError(t, err)
		for name, ask := range map[string]func() error{
			"create":  func() error { _, err := ann.CreateGroup(ctx, newGroup("more")); return err },
			"patch":   func() error { _, err := ann.PatchGroup(ctx, g.ID, &muster.GroupPatch{}); return err },
			"delete":  func() error { return ann.DeleteGroup(ctx, g.ID) },
			"restore": func() error { _, err := ann.RestoreGroup(ctx, g.ID); return err },
			"add":     func() error { _, err := ann.AddGroupMembers(ctx, g.ID, a.ID); return err },
			"remove":  func() error { _, err := ann.RemoveGroupMembers(ctx, g.ID, a.ID); return err },
		} {
			t.Run(name, func(t *testing.T) { refused(t, ask(), 403, noPermission) })
		}
		_, err = ann.Group(ctx, g.ID)
		require.NoError(t, err)
	})
}

func TestGroupMembersAreChangedTogetherOrNotAtAll(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, a := s.User(t, "ann")
		_, b := s.User(t, "bob")
		_, c := s.User(t, "carl")
		g := makeGroup(t, ann, "cooks", a.ID)
		_, err := ann.AddGroupMembers(ctx, g.ID, b.ID, muster.NewID())
		refused(t, err, 404, "app.user.missing_account.const")
		if got := memberNames(t, s, g.ID); got != "ann" {
			t.Fatalf("after a refusal %q", got)
		}
		members, err := ann.AddGroupMembers(ctx, g.ID, b.ID, c.ID, a.ID, b.ID)
		require.NoError(t, err)
		if len(members) != 3 || slices.ContainsFunc(members, func(m *muster.GroupMember) bool { return m.GroupID != g.ID || m.CreateAt == 0 || m.DeleteAt != 0 }) {
			t.Errorf("%+v", members)
		}
		_, err = ann.RemoveGroupMembers(ctx, g.ID, b.ID, muster.NewID())
		refused(t, err, 404, "app.group.member_missing")
		if got := memberNames(t, s, g.ID); got != "ann bob carl" {
			t.Fatalf("after a refusal %q", got)
		}
		removed, err := ann.RemoveGroupMembers(ctx, g.ID, a.ID, c.ID)
		if err != nil || len(removed) != 2 || removed[0].DeleteAt == 0 || memberNames(t, s, g.ID) != "bob" {
			t.Errorf("%+v (%v)", removed, err)
		}
		onRecord(t, s, a.ID, "/members", "group_id="+g.ID)
		for name, ids := range map[string][]string{"nobody": {}, "no id": {"x"}, "too many": slices.Repeat([]string{b.ID}, muster.GroupMembersMax+1)} {
			t.Run(name, func(t *testing.T) {
				_, err := ann.AddGroupMembers(ctx, g.ID, ids...)
				refused(t, err, 400, invalidBody)
				_, err = ann.RemoveGroupMembers(ctx, g.ID, ids...)
				refused(t, err, 400, invalidBody)
			})
		}
		_, err = ann.AddGroupMembers(ctx, muster.NewID(), b.ID)
		refused(t, err, 404, noSuchGroup)
	})
}

func TestCustomGroupsCanBeTurnedOff(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, a := s.User(t, "ann")
		g := makeGroup(t, ann, "cooks", a.ID)
		s.Configure(t, `{"ServiceSettings":{"EnableCustomGroups":false}}`)
		_, err := ann.CreateGroup(ctx, newGroup("more"))
		refused(t, err, 501, "api.custom_groups.feature_disabled")
		for name, ask := range map[string]func() error{
			"read":    func() error { _, err := ann.Group(ctx, g.ID); return err },
			"members": func() error { _, err := ann.GroupMembers(ctx, g.ID, 0, 0); return err },
			"patch":   func() error { _, err := ann.PatchGroup(ctx, g.ID, &muster.GroupPatch{}); return err },
			"add":     func() error { _, err := ann.AddGroupMembers(ctx, g.ID, a.ID); return err },
			"people":  func() error { _, err := ann.Users(ctx, client.UsersQuery{InGroup: g.ID}); return err },
			"search": func() error {
				_, err := ann.SearchUsers(ctx, client.UserSearch{Term: "a", InGroupID: g.ID})
				return err
			},
		} {
			t.Run(name, func(t *testing.T) { refused(t, ask(), 404, noSuchGroup) })
		}
		for _, ask := range []func() ([]*muster.Group, error){
			func() ([]*muster.Group, error) { return ann.Groups(ctx, client.GroupsQuery{}) },
			func() ([]*muster.Group, error) { return ann.GroupsOfUser(ctx, client.Me) },
		} {
			if list, err := ask(); err != nil || len(list) != 0 {
				t.Error(groupNames(list), err)
			}
		}
		s.Configure(t, `{"ServiceSettings":{"EnableCustomGroups":true}}`)
		if got := memberNames(t, s, g.ID); got != "ann" {
			t.Errorf("members %q", got)
		}
	})
}

func TestGroupsAreLinkedByWhoManagesTheTeamOrChannel(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		g := makeGroup(t, w.bob, "cooks", w.ids["bob"])
		_, err := w.ann.LinkGroupToTeam(ctx, g.ID, w.team, client.GroupLink{})
		refused(t, err, 403, noPermission)
		_, err = w.bob.LinkGroupToChannel(ctx, g.ID, w.private, client.GroupLink{})
		refused(t, err, 403, noPermission)
		direct, err := w.ann.CreateDirectChannel(ctx, w.ids["ann"], w.ids["bob"])
		require.NoError(t, err)
		_, err = w.ann.LinkGroupToChannel(ctx, g.ID, direct.ID, client.GroupLink{})
		refused(t, err, 400, "api.context.invalid_url_param.app_error")
		_, err = w.admin.LinkGroupToTeam(ctx, muster.NewID(), w.team, client.GroupLink{})
		refused(t, err, 404, noSuchGroup)
		_, err = w.admin.LinkGroupToTeam(ctx, g.ID, muster.NewID(), client.GroupLink{})
		refused(t, err, 404, "app.team.get.find.app_error")
		_, err = w.admin.LinkGroupToChannel(ctx, g.ID, muster.NewID(), client.GroupLink{})
		refused(t, err, 404, "app.channel.get.existing.app_error")

		link, err := w.admin.LinkGroupToTeam(ctx, g.ID, w.team, client.GroupLink{AutoAdd: true})
		if err != nil || link.GroupID != g.ID || link.TeamID != w.team || link.ChannelID != "" || link.Type != "Team" || !link.AutoAdd || link.SchemeAdmin {
			t.Errorf("%+v (%v)", link, err)
		}
		again, err := w.admin.LinkGroupToTeam(ctx, g.ID, w.team, client.GroupLink{SchemeAdmin: true})
		if err != nil || again.AutoAdd || !again.SchemeAdmin || again.CreateAt != link.CreateAt {
			t.Errorf("%+v (%v)", again, err)
		}
		to, err := w.ann.LinkGroupToChannel(ctx, g.ID, w.private, client.GroupLink{SchemeAdmin: true})
		if err != nil || to.ChannelID != w.private || to.TeamID != "" || to.Type != "Channel" || !to.SchemeAdmin {
			t.Errorf("%+v (%v)", to, err)
		}
		onRecord(t, s, w.ids["ann"], "/link", "group_id="+g.ID+" linked to "+w.private)
		_, err = w.bob.GroupTeams(ctx, g.ID)
		refused(t, err, 403, noPermission)
		teams, err := w.admin.GroupTeams(ctx, g.ID)
		if err != nil || len(teams) != 1 || *teams[0] != *again {
			t.Errorf("%+v (%v)", teams, err)
		}
		channels, err := w.admin.GroupChannels(ctx, g.ID)
		if err != nil || len(channels) != 1 || *channels[0] != *to {
			t.Errorf("%+v (%v)", channels, err)
		}
		if seen, err := w.bob.Group(ctx, g.ID); err != nil || !seen.HasSyncables {
			t.Errorf("%+v (%v)", seen, err)
		}
		refused(t, w.bob.UnlinkGroupFromTeam(ctx, g.ID, w.team), 403, noPermission)
		refused(t, w.bob.UnlinkGroupFromChannel(ctx, g.ID, w.private), 403, noPermission)
		require.NoError(t, w.admin.UnlinkGroupFromTeam(ctx, g.ID, w.team))
		require.NoError(t, w.ann.UnlinkGroupFromChannel(ctx, g.ID, w.private))
		refused(t, w.admin.UnlinkGroupFromTeam(ctx, g.ID, w.team), 404, noSuchGroup)
		onRecord(t, s, w.ids["ann"], "/link", "group_id="+g.ID+" unlinked from "+w.private)
		if seen, err := w.bob.Group(ctx, g.ID); err != nil || seen.HasSyncables {
			t.Errorf("%+v (%v)", seen, err)
		}
	})
}

func TestPeopleAreListedAndSearchedByGroup(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		_, dora := s.User(t, "dora")
		cooks := makeGroup(t, w.ann, "cooks", w.ids["ann"], w.ids["carl"])
		bakers := makeGroup(t, w.ann, "bakers", w.ids["carl"], w.ids["bob"])
		gone := makeGroup(t, w.ann, "gone", dora.ID)
		_, err := w.admin.LinkGroupToTeam(ctx, cooks.ID, w.team, client.GroupLink{})
		require.NoError(t, err)
		_, err = w.admin.LinkGroupToTeam(ctx, gone.ID, w.team, client.GroupLink{})
		require.NoError(t, err)
		_, err = w.ann.LinkGroupToChannel(ctx, bakers.ID, w.private, client.GroupLink{})
		require.NoError(t, err)
		require.NoError(t, w.admin.DeleteGroup(ctx, gone.ID))
		_, err = w.admin.PatchUser(ctx, w.ids["ann"], &muster.UserPatch{Nickname: ptr("zz")})
		require.NoError(t, err)
		for _, c := range []struct {
			q    client.UsersQuery
			want string
		}{
			{client.UsersQuery{InGroup: cooks.ID}, "ann carl"},
			{client.UsersQuery{InGroup: cooks.ID, Sort: "display_name"}, "carl ann"},
			{client.UsersQuery{InGroup: cooks.ID, PerPage: 1, Page: 1}, "carl"},
			{client.UsersQuery{InGroup: cooks.ID, NotInGroup: bakers.ID}, "ann"},
			{client.UsersQuery{NotInGroup: cooks.ID}, "admin bob dora gus"},
			{client.UsersQuery{NotInTeam: w.team}, "carl dora"},
			{client.UsersQuery{NotInTeam: w.team, GroupConstrained: true}, "carl"},
			{client.UsersQuery{InTeam: w.team, NotInChannel: w.private}, "admin bob"},
			{client.UsersQuery{InTeam: w.team, NotInChannel: w.private, GroupConstrained: true}, "bob"},
		} {
			list, err := w.ann.Users(ctx, c.q)
			if err != nil || usernames(list) != c.want {
				t.Errorf("%+v gave %q, want %q (%v)", c.q, usernames(list), c.want, err)
			}
		}
		for _, c := range []struct {
			q    client.UserSearch
			want string
		}{
			{client.UserSearch{Term: "@", InGroupID: cooks.ID}, "ann carl"},
			{client.UserSearch{Term: "c", InGroupID: cooks.ID}, "carl"},
			{client.UserSearch{Term: "b", InGroupID: cooks.ID}, ""},
			{client.UserSearch{Term: "c", NotInGroupID: cooks.ID}, ""},
			{client.UserSearch{Term: "b", NotInGroupID: cooks.ID}, "bob"},
			{client.UserSearch{Term: "@", NotInTeamID: w.team, GroupConstrained: true}, "carl"},
			{client.UserSearch{Term: "d", NotInTeamID: w.team, GroupConstrained: true}, ""},
			{client.UserSearch{Term: "@", TeamID: w.team, NotInChannelID: w.private, GroupConstrained: true}, "bob"},
		} {
			list, err := w.ann.SearchUsers(ctx, c.q)
			if err != nil || usernames(list) != c.want {
				t.Errorf("%+v gave %q, want %q (%v)", c.q, usernames(list), c.want, err)
			}
		}
		_, err = w.ann.Users(ctx, client.UsersQuery{InGroup: cooks.ID, Sort: "create_at"})
		refused(t, err, 400, "api.context.invalid_url_param.app_error")
		_, err = w.ann.SearchUsers(ctx, client.UserSearch{Term: "a", InGroupID: muster.NewID()})
		refused(t, err, 404, noSuchGroup)
	})
}

func TestGroupsDecideWhoBelongsToAConstrainedTeamOrChannel(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		const notInTeam, notInChannel, byInvitation = "api.team.add_members.user_denied", "api.channel.add_members.user_denied", "app.team.invite_id.group_constrained.error"
		_, dora := s.User(t, "dora")
		cooks := makeGroup(t, w.ann, "cooks", w.ids["carl"])
		team, err := w.admin.PatchTeam(ctx, w.team, &muster.TeamPatch{GroupConstrained: ptr(true)})
		require.NoError(t, err)
		_, err = w.admin.AddTeamMember(ctx, w.team, w.ids["carl"])
		refused(t, err, 400, notInTeam) // no group is linked yet
		_, err = w.admin.LinkGroupToTeam(ctx, cooks.ID, w.team, client.GroupLink{})
		require.NoError(t, err)
		require.NoError(t, w.admin.DeleteGroup(ctx, cooks.ID))
		_, err = w.admin.AddTeamMember(ctx, w.team, w.ids["carl"])
		refused(t, err, 400, notInTeam) // an archived one lets nobody in
		_, err = w.admin.RestoreGroup(ctx, cooks.ID)
		require.NoError(t, err)
		_, err = w.admin.AddTeamMembers(ctx, w.team, w.ids["carl"], dora.ID)
		refused(t, err, 400, notInTeam)
		if _, err := s.Store.TeamMember(ctx, w.team, w.ids["carl"]); err == nil {
			t.Error("those who may were added without the others")
		}
		_, err = w.carl.JoinTeamByInvite(ctx, team.InviteID)
		refused(t, err, 403, byInvitation)
		_, err = s.Client().CreateUserWithInvite(ctx, account("new"), team.InviteID)
		refused(t, err, 403, byInvitation)
		_, err = w.admin.InviteToTeam(ctx, w.team, []string{"new@example.com"}, false)
		refused(t, err, 403, byInvitation)
		_, err = w.admin.AddTeamMember(ctx, w.team, w.ids["carl"])
		require.NoError(t, err)

		bakers := makeGroup(t, w.ann, "bakers", w.ids["bob"])
		_, err = w.ann.PatchChannel(ctx, w.private, &muster.ChannelPatch{GroupConstrained: ptr(true)})
		require.NoError(t, err)
		_, err = w.ann.LinkGroupToChannel(ctx, bakers.ID, w.private, client.GroupLink{})
		require.NoError(t, err)
		_, err = w.ann.AddChannelMember(ctx, w.private, w.ids["carl"])
		refused(t, err, 400, notInChannel)
		_, err = w.ann.AddChannelMember(ctx, w.private, w.ids["bob"])
		require.NoError(t, err)
		if got := channelNames(t, s, w.ids["carl"], w.team); got != "off-topic town-square" {
			t.Errorf("carl is in %q", got)
		}
		lobby := makeChannel(t, w.ann, w.team, "lobby", muster.ChannelPublic)
		_, err = w.ann.PatchChannel(ctx, lobby.ID, &muster.ChannelPatch{GroupConstrained: ptr(true)})
		require.NoError(t, err)
		_, err = w.bob.AddChannelMember(ctx, lobby.ID, w.ids["bob"]) // nor does anybody join by himself
		refused(t, err, 400, notInChannel)
	})
}

func TestGuestsReadNoGroups(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		g := makeGroup(t, w.ann, "cooks", w.ids["gus"], w.ids["ann"])
		for name, ask := range map[string]func() error{
			"list":       func() error { _, err := w.gus.Groups(ctx, client.GroupsQuery{}); return err },
			"own":        func() error { _, err := w.gus.GroupsOfUser(ctx, client.Me); return err },
			"read":       func() error { _, err := w.gus.Group(ctx, g.ID); return err },
			"stats":      func() error { _, err := w.gus.GroupStats(ctx, g.ID); return err },
			"members":    func() error { _, err := w.gus.GroupMembers(ctx, g.ID, 0, 0); return err },
			"teams":      func() error { _, err := w.gus.GroupTeams(ctx, g.ID); return err },
			"channels":   func() error { _, err := w.gus.GroupChannels(ctx, g.ID); return err },
			"people in":  func() error { _, err := w.gus.Users(ctx, client.UsersQuery{InGroup: g.ID}); return err },
			"people out": func() error { _, err := w.gus.Users(ctx, client.UsersQuery{NotInGroup: g.ID}); return err },
			"search": func() error {
				_, err := w.gus.SearchUsers(ctx, client.UserSearch{Term: "a", InGroupID: g.ID})
				return err
			},
			"create": func() error { _, err := w.gus.CreateGroup(ctx, newGroup("more")); return err },
			"patch":  func() error { _, err := w.gus.PatchGroup(ctx, g.ID, &muster.GroupPatch{}); return err },
			"add":    func() error { _, err := w.gus.AddGroupMembers(ctx, g.ID, w.ids["bob"]); return err },
			"link":   func() error { _, err := w.gus.LinkGroupToChannel(ctx, g.ID, w.private, client.GroupLink{}); return err },
		} {
			t.Run(name, func(t *testing.T) { refused(t, ask(), 403, noPermission) })
		}
		list, err := w.gus.Users(ctx, client.UsersQuery{NotInTeam: w.team, GroupConstrained: true})
		if err != nil || len(list) != 0 {
			t.Error(usernames(list), err)
		}
	})
}
