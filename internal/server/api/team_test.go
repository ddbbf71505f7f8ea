package api_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/config"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/testserver"
)

func makeTeam(t *testing.T, by *client.Client, name string) *muster.Team {
	t.Helper()
	team, err := by.CreateTeam(t.Context(), &muster.Team{Name: name, DisplayName: name, Type: muster.TeamOpen})
	require.NoError(t, err)
	return team
}

func TestATeamIsJoinedByInvitation(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		bob, bobUser := s.User(t, "bob")
		team := makeTeam(t, ann, "own")
		_, err := bob.Team(ctx, team.ID)
		refused(t, err, 403, "api.context.permissions.app_error")
		s.ForgetEvents()
		_, err = bob.JoinTeamByInvite(ctx, team.InviteID)
		require.NoError(t, err)
		if n, m := len(s.Events(muster.EventAddedToTeam)), len(s.Events(muster.EventUserAdded)); n != 1 || m != 2 {
			t.Fatalf("%d added_to_team, %d user_added", n, m)
		}
		seen, err := bob.Team(ctx, team.ID)
		require.NoError(t, err)
		if seen.InviteID != team.InviteID || seen.Email != "" {
			t.Fatalf("a member may invite, but sees no address: %+v", seen)
		}
		channels, err := bob.ChannelsOfUser(ctx, "me", team.ID)
		if err != nil || len(channels) != 2 {
			t.Fatal(len(channels), err)
		}
		require.NoError(t, bob.RemoveTeamMember(ctx, team.ID, bobUser.ID))
		channels, err = s.Store.ChannelsOf(ctx, bobUser.ID, team.ID)
		if err != nil || len(channels) != 0 {
			t.Fatal("channels outlive the membership", err)
		}
		fresh, err := ann.RegenerateTeamInviteID(ctx, team.ID)
		require.NoError(t, err)
		_, err = bob.JoinTeamByInvite(ctx, team.InviteID)
		refused(t, err, 404, "app.team.get_by_invite_id.finding.app_error")
		_, err = s.Client().CreateUserWithInvite(ctx, account("new"), fresh.InviteID) // on a closed server
		require.NoError(t, err)
		require.NoError(t, ann.DeleteTeam(ctx, team.ID))
		_, err = bob.JoinTeamByInvite(ctx, fresh.InviteID)
		refused(t, err, 404, "app.team.get_by_invite_id.finding.app_error")
	})
}

func TestATeamsLimitsHold(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		bob, bobUser := s.User(t, "bob")
		team := makeTeam(t, ann, "own")
		_, err := bob.CreateTeam(ctx, &muster.Team{Name: "OWN", DisplayName: "Own", Type: muster.TeamOpen})
		refused(t, err, 400, "store.sql_team.save_team.existing.app_error")
		_, err = ann.PatchTeam(ctx, team.ID, &muster.TeamPatch{AllowedDomains: ptr("corp.example")})
		require.NoError(t, err)
		_, err = ann.AddTeamMember(ctx, team.ID, bobUser.ID)
		refused(t, err, 400, "api.team.join_user_to_team.allowed_domains.app_error")
		_, err = ann.PatchTeam(ctx, team.ID, &muster.TeamPatch{AllowedDomains: ptr("")})
		require.NoError(t, err)
		s.Configure(t, `{"TeamSettings":{"MaxUsersPerTeam":1}}`)
		_, err = ann.AddTeamMember(ctx, team.ID, bobUser.ID)
		refused(t, err, 400, "app.team.join_user_to_team.max_accounts.app_error")
		_, err = s.Client().CreateUserWithInvite(ctx, account("carl"), team.InviteID)
		refused(t, err, 400, "app.team.join_user_to_team.max_accounts.app_error")
		if members, err := ann.TeamMembers(ctx, team.ID, 0, 10); err != nil || len(members) != 1 {
			t.Fatal(len(members), err)
		}
	})
}

func TestMembershipRolesTakeEffectAtOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		bob, bobUser := s.User(t, "bob")
		team := makeTeam(t, ann, "own")
		_, err := ann.AddTeamMember(ctx, team.ID, bobUser.ID)
		require.NoError(t, err)
		_, err = bob.PatchTeam(ctx, team.ID, &muster.TeamPatch{Description: ptr("mine")})
		refused(t, err, 403, "api.context.permissions.app_error")
		require.NoError(t, ann.UpdateTeamMemberRoles(ctx, team.ID, bobUser.ID, "team_user team_admin"))
		_, err = bob.PatchTeam(ctx, team.ID, &muster.TeamPatch{Description: ptr("mine")})
		require.NoError(t, err)
		refused(t, ann.UpdateTeamMemberRoles(ctx, team.ID, bobUser.ID, "team_admin"), 400, "api.context.invalid_body_param.app_error")
		refused(t, bob.UpdateTeamMemberRoles(ctx, team.ID, bobUser.ID, "team_user team_admin system_admin"), 400, "api.context.invalid_body_param.app_error")
		admin, _ := s.Admin(t)
		role, err := admin.RoleByName(ctx, "team_admin")
		require.NoError(t, err)
		without := slices.DeleteFunc(role.Permissions, func(p string) bool { return p == "manage_team" })
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &without})
		require.NoError(t, err)
		_, err = bob.PatchTeam(ctx, team.ID, &muster.TeamPatch{Description: ptr("again")})
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &[]string{"rule_the_world"}})
		refused(t, err, 400, "api.context.invalid_body_param.app_error")
	})
}

func TestPeopleHaveOneDirectAndOneGroupChannel(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, a := s.User(t, "ann")
		bob, b := s.User(t, "bob")
		_, c := s.User(t, "carl")
		one, err := ann.CreateDirectChannel(ctx, a.ID, b.ID)
		require.NoError(t, err)
		two, err := bob.CreateDirectChannel(ctx, b.ID, a.ID)
		require.NoError(t, err)
		group, err := ann.CreateGroupChannel(ctx, a.ID, b.ID, c.ID)
		require.NoError(t, err)
		again, err := bob.CreateGroupChannel(ctx, c.ID, a.ID, b.ID)
		require.NoError(t, err)
		if one.ID != two.ID || group.ID != again.ID || group.DisplayName != "ann, bob, carl" {
			t.Fatal(one, two, group, again)
		}
		_, err = ann.CreateDirectChannel(ctx, b.ID, c.ID)
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = ann.CreateGroupChannel(ctx, a.ID, b.ID)
		refused(t, err, 400, "api.channel.create_group.bad_size.app_error")
		people, err := bob.UsersByGroupChannels(ctx, []string{group.ID, one.ID})
		if err != nil || len(people) != 1 || usernames(people[group.ID]) != "ann carl" {
			t.Fatal(people, err)
		}
	})
}

func TestArchivedChannelsAreClosedWhereTheSettingSaysSo(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		team := makeTeam(t, ann, "own")
		ch, err := ann.CreateChannel(ctx, &muster.Channel{TeamID: team.ID, Name: "gone", DisplayName: "Gone", Type: muster.ChannelPublic})
		require.NoError(t, err)
		require.NoError(t, ann.DeleteChannel(ctx, ch.ID))
		_, err = ann.Users(ctx, client.UsersQuery{InChannel: ch.ID})
		require.NoError(t, err)
		s.Configure(t, `{"TeamSettings":{"ExperimentalViewArchivedChannels":false}}`)
		_, err = ann.Users(ctx, client.UsersQuery{InChannel: ch.ID})
		refused(t, err, 403, "api.user.view_archived_channels.get_users_in_channel.app_error")
		square, err := ann.ChannelByName(ctx, team.ID, muster.DefaultChannel)
		require.NoError(t, err)
		refused(t, ann.DeleteChannel(ctx, square.ID), 400, "api.channel.delete_channel.cannot.app_error")
	})
}

func TestStatusesAndPreferences(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, a := s.User(t, "ann")
		bob, b := s.User(t, "bob")
		_, err := ann.UpdateStatus(ctx, &muster.Status{UserID: a.ID, Status: muster.StatusDnd, DndEndTime: 1})
		require.NoError(t, err)
		if st, err := bob.Status(ctx, a.ID); err != nil || st.Status != muster.StatusOnline {
			t.Fatal("do not disturb is over at its end", st, err)
		}
		_, err = bob.UpdateStatus(ctx, &muster.Status{UserID: a.ID, Status: muster.StatusAway})
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = ann.UpdateStatus(ctx, &muster.Status{UserID: a.ID, Status: "asleep"})
		refused(t, err, 400, "api.context.invalid_body_param.app_error")
		if n := len(s.Events(muster.EventStatusChange)); n != 1 {
			t.Fatalf("%d events", n)
		}
		theme := &muster.Preference{UserID: a.ID, Category: "theme", Name: "colour", Value: "dark"}
		require.NoError(t, ann.UpdatePreferences(ctx, a.ID, []*muster.Preference{theme}))
		err = ann.UpdatePreferences(ctx, a.ID, []*muster.Preference{theme, {UserID: b.ID, Category: "theme"}})
		refused(t, err, 403, "api.preference.update_preferences.set.app_error")
		list, err := ann.Preferences(ctx, a.ID)
		if err != nil || len(list) != 1 || *list[0] != *theme {
			t.Fatal(list, err)
		}
		_, err = bob.Preferences(ctx, a.ID)
		refused(t, err, 403, "api.context.permissions.app_error")
		require.NoError(t, ann.DeletePreferences(ctx, a.ID, list))
	})
}

func TestSettingsAreMaskedPatchedAndKept(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		patched, err := admin.PatchConfig(ctx, []byte(`{"EmailSettings":{"SMTPPassword":"secret"},"TeamSettings":{"SiteName":"Ours"}}`))
		require.NoError(t, err)
		c := testserver.Settings(t, patched)
		if c.EmailSettings.SMTPPassword != config.SecretMask || c.TeamSettings.SiteName != "Ours" {
			t.Fatalf("%+v", c.EmailSettings)
		}
		_, err = admin.PatchConfig(ctx, []byte(`{"PasswordSettings":{"MinimumLength":1},"TeamSettings":{"SiteName":"Theirs"}}`))
		refused(t, err, 400, "api.context.invalid_body_param.app_error")
		kept, err := s.Store.LoadSettings(ctx)
		require.NoError(t, err)
		if got := s.Services.Core.Config(); got.TeamSettings.SiteName != "Ours" || got.EmailSettings.SMTPPassword != "secret" || kept.Version != 1 {
			t.Fatal("a refused patch changed something")
		}
		ann, _ := s.User(t, "ann")
		_, err = ann.PatchConfig(ctx, []byte(`{}`))
		refused(t, err, 403, "api.context.permissions.app_error")
	})
}

func TestAGuestIsMadeAMemberByNobodyInATeam(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		full := client.SchemeRoles{User: true, Admin: true}
		const stays = "changing_guest_role.app_error"
		refused(t, w.admin.UpdateTeamMemberSchemeRoles(ctx, w.team, w.ids["gus"], full), 400, "api.channel.update_team_member_roles."+stays)
		refused(t, w.admin.UpdateTeamMemberRoles(ctx, w.team, w.ids["gus"], "team_user"), 400, "api.channel.update_team_member_roles."+stays)
		refused(t, w.ann.UpdateChannelMemberSchemeRoles(ctx, w.private, w.ids["gus"], full), 400, "api.channel.update_channel_member_roles."+stays)
		refused(t, w.ann.UpdateChannelMemberRoles(ctx, w.private, w.ids["gus"], "channel_user"), 400, "api.channel.update_channel_member_roles."+stays)
	})
}

func TestAGuestJoinsNoTeamByALink(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		other := makeTeam(t, w.ann, "other")
		_, err := w.gus.JoinTeamByInvite(ctx, other.InviteID)
		refused(t, err, 403, "api.team.add_user_to_team_from_invite.guest.app_error")
		_, err = s.Store.TeamMember(ctx, other.ID, w.ids["gus"])
		if !errors.Is(err, store.ErrNotFound) {
			t.Error("the refused guest is a member", err)
		}
	})
}

func TestPeopleAreAddedToAChannelTogetherOrNotAtAll(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		add := func(ids ...string) (status int, members []muster.ChannelMember) {
			body, err := json.Marshal(map[string]any{"user_ids": ids})
			require.NoError(t, err)
			res := rawRequest(t, s, "POST", "/channels/"+w.private+"/members", string(body), map[string]string{"Authorization": "Bearer " + w.ann.Token()})
			if res.StatusCode == 201 {
				require.NoError(t, json.NewDecoder(res.Body).Decode(&members))
			}
			return res.StatusCode, members
		}
		for name, c := range map[string]struct {
			last string
			want int
		}{
			"no id": {"nobody", 400}, "nobody's id": {muster.NewID(), 404}, "not in the team": {w.ids["carl"], 404},
		} {
			s.ForgetEvents()
			if status, _ := add(w.ids["bob"], c.last); status != c.want {
				t.Errorf("%s: status %d, want %d", name, status, c.want)
			}
			if _, err := s.Store.ChannelMember(ctx, w.private, w.ids["bob"]); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: those before were added (%v)", name, err)
			}
			if n := len(s.Events(muster.EventUserAdded)); n != 0 {
				t.Errorf("%s: %d events of a refusal", name, n)
			}
		}
		status, members := add(w.ids["gus"], w.ids["bob"], w.ids["bob"]) // gus is there already
		if status != 201 || len(members) != 3 || members[0].UserID != w.ids["gus"] || members[1].UserID != w.ids["bob"] || members[1].MentionCount != 1 {
			t.Errorf("status %d, %+v", status, members)
		}
		if n := len(s.Events(muster.EventUserAdded)); n != 2 { // the channel's and bob's own
			t.Errorf("%d events, want 2", n)
		}
	})
}
