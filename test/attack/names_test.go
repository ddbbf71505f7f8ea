package attack_test

import (
	"net/http"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

// A name of dots alone stands for a place in an address, not for a person: clients and proxies take it out.
func TestNobodyIsNamedLikeAPath(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		const badUsername = "model.user.is_valid.username.app_error"
		for _, name := range []string{".", "..", "..."} {
			_, err := admin.CreateUser(ctx, &muster.User{Username: name, Email: "new@example.com", Password: testserver.Password})
			refused(t, err, http.StatusBadRequest, badUsername)
			_, err = admin.PatchUser(ctx, ann.ID, &muster.UserPatch{Username: &name})
			refused(t, err, http.StatusBadRequest, badUsername)
		}
		for _, name := range []string{"a.", ".a", "-", "_", "a..b"} { // as the reference takes them
			_, err := admin.PatchUser(ctx, ann.ID, &muster.UserPatch{Username: &name})
			require.NoError(t, err)
			got, err := admin.UserByUsername(ctx, name)
			if err != nil || got.ID != ann.ID {
				t.Errorf("%q finds %+v (%v)", name, got, err)
			}
		}
	})
}

// A role that is searched for is a name, not a pattern.
func TestARoleIsNoPattern(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		require.NoError(t, admin.UpdateUserRoles(ctx, ann.ID, "system_user system_user_manager"))
		for _, role := range []string{"%", "system%", "system_user%manager", "system_______manager", "system_user_manage_", "!"} {
			for name, q := range map[string]client.UserSearch{
				"role":  {Term: "a", Role: role},
				"roles": {Term: "a", Roles: []string{role}},
			} {
				found, err := admin.SearchUsers(ctx, q)
				if err != nil || len(found) != 0 {
					t.Errorf("%s %q finds %d people (%v)", name, role, len(found), err)
				}
			}
		}
		found, err := admin.SearchUsers(ctx, client.UserSearch{Term: "a", Role: "system_user_manager"})
		if err != nil || len(found) != 1 || found[0].ID != ann.ID {
			t.Errorf("%+v (%v)", found, err)
		}
	})
}

// Whoever is put out of the server has seen invite links by which anybody makes an account, even where nobody may sign up.
func TestAnInviteLinkDiesWithTheAccountThatSawIt(t *testing.T) {
	for name, putOut := range map[string]func(admin *client.Client, id string) error{
		"deactivated": func(admin *client.Client, id string) error { return admin.UpdateUserActive(t.Context(), id, false) },
		"deleted":     func(admin *client.Client, id string) error { return admin.DeleteUser(t.Context(), id) },
		"demoted":     func(admin *client.Client, id string) error { return admin.DemoteToGuest(t.Context(), id) },
	} {
		t.Run(name, func(t *testing.T) {
			testserver.Each(t, func(t *testing.T, s *testserver.Server) {
				ctx := t.Context()
				admin, _ := s.Admin(t)
				s.Configure(t, `{"GuestAccountsSettings":{"Enable":true}}`)
				ann, annUser := s.User(t, "ann")
				bob, bobUser := s.User(t, "bob")
				made, err := admin.CreateTeam(ctx, &muster.Team{Name: "club", DisplayName: "Club", Type: muster.TeamOpen})
				require.NoError(t, err)
				_, err = admin.AddTeamMembers(ctx, made.ID, annUser.ID, bobUser.ID)
				require.NoError(t, err)
				seen, err := ann.Team(ctx, made.ID)
				require.NoError(t, err)
				if seen.InviteID == "" {
					t.Fatal("a member sees no invite link")
				}
				require.NoError(t, putOut(admin, annUser.ID))
				_, err = s.Client().CreateUserWithInvite(ctx, &muster.User{Username: "again", Email: "again@example.com", Password: testserver.Password}, seen.InviteID)
				refused(t, err, http.StatusNotFound, "app.team.get_by_invite_id.finding.app_error")
				now, err := bob.Team(ctx, made.ID)
				require.NoError(t, err)
				_, err = s.Client().CreateUserWithInvite(ctx, &muster.User{Username: "new", Email: "new@example.com", Password: testserver.Password}, now.InviteID)
				require.NoError(t, err)
			})
		})
	}
}
