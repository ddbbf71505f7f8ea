package api_test

import (
	"slices"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

// grant has a built-in role grant these permissions besides its own.
func grant(t *testing.T, admin *client.Client, role string, permissions ...muster.Permission) {
	t.Helper()
	r, err := admin.RoleByName(t.Context(), role)
	require.NoError(t, err)
	granted := r.Permissions
	for _, p := range permissions {
		granted = append(granted, string(p))
	}
	_, err = admin.PatchRole(t.Context(), r.ID, &muster.RolePatch{Permissions: &granted})
	require.NoError(t, err)
}

func isActive(t *testing.T, s *testserver.Server, userID string, want bool) {
	t.Helper()
	u, err := s.Store.User(t.Context(), userID)
	require.NoError(t, err)
	if (u.DeleteAt == 0) != want {
		t.Errorf("%s is active: %v", u.Username, !want)
	}
}

// The setting is about people who leave by themselves. It binds no administrator, and nobody who manages others.
func TestWhoMayLeaveWhereLeavingIsTurnedOff(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		const off = "api.user.update_active.not_enable.app_error"
		admin, _ := s.Admin(t)
		s.Configure(t, `{"TeamSettings":{"EnableUserDeactivation":false}}`)
		grant(t, admin, "system_user_manager", muster.PermEditOtherUsers, muster.PermWriteUserManagementUsers)
		ann, annUser := s.User(t, "ann")
		manager, managerUser := s.User(t, "manager")
		second, secondUser := s.User(t, "second")
		require.NoError(t, admin.UpdateUserRoles(ctx, managerUser.ID, "system_user system_user_manager"))
		require.NoError(t, admin.UpdateUserRoles(ctx, secondUser.ID, "system_user system_admin"))

		refused(t, ann.DeleteUser(ctx, annUser.ID), 401, off)
		refused(t, ann.UpdateUserActive(ctx, annUser.ID, false), 401, off)
		refused(t, manager.DeleteUser(ctx, managerUser.ID), 401, off)
		refused(t, manager.UpdateUserActive(ctx, managerUser.ID, false), 401, off)
		refused(t, second.UpdateUserActive(ctx, secondUser.ID, false), 401, off)
		for _, u := range []*muster.User{annUser, managerUser, secondUser} {
			isActive(t, s, u.ID, true)
		}
		require.NoError(t, manager.UpdateUserActive(ctx, annUser.ID, true)) // active as it is
		require.NoError(t, manager.DeleteUser(ctx, annUser.ID))
		isActive(t, s, annUser.ID, false)
		require.NoError(t, second.DeleteUser(ctx, secondUser.ID))
		isActive(t, s, secondUser.ID, false)

		s.Configure(t, `{"TeamSettings":{"EnableUserDeactivation":true}}`)
		require.NoError(t, manager.UpdateUserActive(ctx, managerUser.ID, false))
		isActive(t, s, managerUser.ID, false)
		refused(t, admin.UpdateUserActive(ctx, ghostID, false), 404, unknownAccount)
	})
}

// Whatever else it grants, the role of administrators grants manage_system: nobody could give it back.
func TestTheAdministratorsRoleKeepsWhatMakesIt(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		role, err := admin.RoleByName(ctx, muster.RoleSystemAdmin)
		require.NoError(t, err)
		patch := func(permissions ...string) error {
			_, err := admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &permissions})
			return err
		}
		without := slices.DeleteFunc(slices.Clone(role.Permissions), func(p string) bool { return p == string(muster.PermManageSystem) })
		refused(t, patch(without...), 400, invalidBody)
		refused(t, patch("manage_system", "rule_the_world"), 400, invalidBody)
		require.NoError(t, patch("manage_system", "edit_other_users", "manage_system"))
		stored, err := admin.RoleByName(ctx, muster.RoleSystemAdmin)
		require.NoError(t, err)
		if !slices.Equal(stored.Permissions, []string{"edit_other_users", "manage_system"}) {
			t.Errorf("it grants %q", stored.Permissions)
		}
		_, err = admin.CreateTeam(ctx, &muster.Team{Name: "own", DisplayName: "Own", Type: muster.TeamOpen})
		require.NoError(t, err) // as everybody may
		guest, err := admin.RoleByName(ctx, muster.RoleSystemGuest)
		require.NoError(t, err)
		_, err = admin.PatchRole(ctx, guest.ID, &muster.RolePatch{Permissions: &[]string{}}) // other roles may grant nothing
		require.NoError(t, err)
		same, err := admin.PatchRole(ctx, role.ID, &muster.RolePatch{})
		require.NoError(t, err)
		if len(same.Permissions) != 2 {
			t.Errorf("a patch of nothing left %q", same.Permissions)
		}
	})
}

// A bot belongs to a person who is active; that is refused before it matters which bot it is, or who is above whom.
func TestABotBelongsToAnActivePerson(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		admin, _ := s.Admin(t)
		_, gone := s.User(t, "gone")
		require.NoError(t, admin.UpdateUserActive(ctx, gone.ID, false))
		ann, annUser := keeper(t, s, "ann")
		b, other := makeBot(t, ann, "robot"), makeBot(t, ann, "other")
		for name, owner := range map[string]string{"another bot": other.UserID, "somebody deactivated": gone.ID} {
			for _, id := range []string{b.UserID, ghostID} {
				_, err := admin.AssignBot(ctx, id, owner)
				t.Run(name, func(t *testing.T) { refused(t, err, 400, badInURL) })
			}
		}
		if got, err := admin.Bot(ctx, b.UserID, false); err != nil || got.OwnerID != annUser.ID {
			t.Errorf("the bot belongs to %+v (%v)", got, err)
		}
		_, err := ann.AssignBot(ctx, b.UserID, annUser.ID)
		refused(t, err, 403, noPermission) // it takes assign_bot, even of one's own
		grant(t, admin, "system_user_access_token", muster.PermAssignBot)
		_, bobUser := s.User(t, "bob")
		got, err := ann.AssignBot(ctx, b.UserID, bobUser.ID)
		require.NoError(t, err)
		if got.OwnerID != bobUser.ID {
			t.Errorf("%+v", got)
		}
		_, err = ann.AssignBot(ctx, b.UserID, annUser.ID) // not hers any more
		refused(t, err, 404, unknownBot)
	})
}

// A link between a group and a team or channel is of these two alone.
func TestUnlinkingAGroupLeavesOtherLinks(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		cooks, bakers := makeGroup(t, w.ann, "cooks", w.ids["carl"]), makeGroup(t, w.ann, "bakers", w.ids["bob"])
		village, err := w.admin.CreateTeam(ctx, &muster.Team{Name: "village", DisplayName: "Village", Type: muster.TeamOpen})
		require.NoError(t, err)
		lobby := makeChannel(t, w.ann, w.team, "lobby", muster.ChannelPublic)
		link := func(g *muster.Group) {
			t.Helper()
			for _, team := range []string{w.team, village.ID} {
				_, err := w.admin.LinkGroupToTeam(ctx, g.ID, team, client.GroupLink{})
				require.NoError(t, err)
			}
			for _, channel := range []string{w.private, lobby.ID} {
				_, err := w.admin.LinkGroupToChannel(ctx, g.ID, channel, client.GroupLink{})
				require.NoError(t, err)
			}
		}
		link(cooks)
		link(bakers)
		links := func(g *muster.Group) (ids []string) {
			t.Helper()
			teams, err := w.admin.GroupTeams(ctx, g.ID)
			require.NoError(t, err)
			channels, err := w.admin.GroupChannels(ctx, g.ID)
			require.NoError(t, err)
			for _, l := range append(teams, channels...) {
				ids = append(ids, l.TeamID+l.ChannelID)
			}
			return ids
		}
		_, err = w.admin.PatchTeam(ctx, w.team, &muster.TeamPatch{GroupConstrained: ptr(true)})
		require.NoError(t, err)
		require.NoError(t, w.admin.UnlinkGroupFromTeam(ctx, bakers.ID, w.team))
		refused(t, w.admin.UnlinkGroupFromTeam(ctx, bakers.ID, w.team), 404, noSuchGroup)
		require.NoError(t, w.admin.UnlinkGroupFromChannel(ctx, bakers.ID, lobby.ID))
		refused(t, w.admin.UnlinkGroupFromChannel(ctx, bakers.ID, lobby.ID), 404, noSuchGroup)
		if got := links(bakers); !slices.Equal(got, []string{village.ID, w.private}) {
			t.Errorf("what is left of the links: %q", got)
		}
		all := links(cooks)
		for _, id := range []string{w.team, village.ID, w.private, lobby.ID} {
			if !slices.Contains(all, id) {
				t.Errorf("the other group lost its link to %s", id)
			}
		}
		_, err = w.admin.AddTeamMember(ctx, w.team, w.ids["carl"]) // by the other group's link
		require.NoError(t, err)
	})
}
