package attack_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/testserver"
)

// refused fails the test unless err is the server's refusal with this status and id. It returns the message.
func refused(t testing.TB, err error, status int, id string) (message string) {
	t.Helper()
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.StatusCode != status || e.ID != id {
		t.Fatalf("got %v, want %d %s", err, status, id)
	}
	return e.Message
}

const noPermission = "api.context.permissions.app_error"

// club is a team that only the members of a linked group may belong to, and a member of the public who may edit custom groups like everybody.
type club struct {
	team, channel, group string
	outsider             *client.Client
	outsiderID           string
	admin                *client.Client
}

func makeClub(t *testing.T, s *testserver.Server) *club {
	t.Helper()
	ctx := t.Context()
	admin, me := s.Admin(t)
	outsider, u := s.User(t, "outsider")
	team, err := admin.CreateTeam(ctx, &muster.Team{Name: "club", DisplayName: "Club", Type: muster.TeamOpen, AllowOpenInvite: true})
	require.NoError(t, err)
	yes := true
	_, err = admin.PatchTeam(ctx, team.ID, &muster.TeamPatch{GroupConstrained: &yes})
	require.NoError(t, err)
	channel, err := admin.CreateChannel(ctx, &muster.Channel{TeamID: team.ID, Name: "vault", DisplayName: "Vault", Type: muster.ChannelPrivate})
	require.NoError(t, err)
	name := "members"
	group, err := admin.CreateGroup(ctx, &muster.Group{Name: &name, DisplayName: "Members", Source: muster.GroupSourceCustom}, me.ID)
	require.NoError(t, err)
	return &club{team: team.ID, channel: channel.ID, group: group.ID, outsider: outsider, outsiderID: u.ID, admin: admin}
}

func (c *club) members(t *testing.T, s *testserver.Server) int {
	t.Helper()
	g, err := s.Store.Group(t.Context(), c.group)
	require.NoError(t, err)
	if g.DeleteAt != 0 {
		return 0
	}
	return *g.MemberCount
}

func TestALinkedGroupIsNotForEverybodyToChange(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		c := makeClub(t, s)
		for _, linked := range []struct {
			name         string
			link, unlink func() error
		}{
			{"to a team", func() error {
				_, err := c.admin.LinkGroupToTeam(ctx, c.group, c.team, client.GroupLink{})
				return err
			}, func() error { return c.admin.UnlinkGroupFromTeam(ctx, c.group, c.team) }},
			{"to a private channel", func() error {
				_, err := c.admin.LinkGroupToChannel(ctx, c.group, c.channel, client.GroupLink{})
				return err
			}, func() error { return c.admin.UnlinkGroupFromChannel(ctx, c.group, c.channel) }},
		} {
			t.Run(linked.name, func(t *testing.T) {
				require.NoError(t, linked.link())
				_, err := c.outsider.AddGroupMembers(ctx, c.group, c.outsiderID)
				refused(t, err, http.StatusForbidden, noPermission)
				_, err = c.outsider.RemoveGroupMembers(ctx, c.group, memberOf(t, s, c))
				refused(t, err, http.StatusForbidden, noPermission)
				refused(t, c.outsider.DeleteGroup(ctx, c.group), http.StatusForbidden, noPermission)
				require.NoError(t, c.admin.DeleteGroup(ctx, c.group))
				_, err = c.outsider.RestoreGroup(ctx, c.group)
				refused(t, err, http.StatusForbidden, noPermission)
				_, err = c.admin.RestoreGroup(ctx, c.group)
				require.NoError(t, err)
				if n := c.members(t, s); n != 1 {
					t.Errorf("the group has %d members, want the 1 it had", n)
				}
				require.NoError(t, linked.unlink())
			})
		}
		_, err := c.outsider.AddGroupMembers(ctx, c.group, c.outsiderID)
		require.NoError(t, err) // linked to nothing, a custom group is everybody's as before
	})
}

func memberOf(t *testing.T, s *testserver.Server, c *club) string {
	t.Helper()
	users, err := s.Store.ListUsers(t.Context(), store.UserFilter{InGroup: c.group, Limit: 1})
	require.NoError(t, err)
	return users[0].ID
}

func TestAGroupConstrainedTeamIsNotOpenToEverybody(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		c := makeClub(t, s)
		_, err := c.admin.LinkGroupToTeam(ctx, c.group, c.team, client.GroupLink{})
		require.NoError(t, err)
		_, err = c.outsider.AddGroupMembers(ctx, c.group, c.outsiderID)
		refused(t, err, http.StatusForbidden, noPermission)
		_, err = c.outsider.AddTeamMember(ctx, c.team, c.outsiderID)
		refused(t, err, http.StatusBadRequest, "api.team.add_members.user_denied")
		team, err := s.Store.Team(ctx, c.team)
		require.NoError(t, err)
		_, err = c.outsider.JoinTeamByInvite(ctx, team.InviteID)
		refused(t, err, http.StatusForbidden, "app.team.invite_id.group_constrained.error")
		_, err = s.Client().CreateUserWithInvite(ctx, &muster.User{Username: "new", Email: "new@example.com", Password: testserver.Password}, team.InviteID)
		refused(t, err, http.StatusForbidden, "app.team.invite_id.group_constrained.error")
		members, err := s.Store.TeamMembers(ctx, c.team, 0, 10)
		require.NoError(t, err)
		if len(members) != 1 {
			t.Errorf("%d members, want the administrator alone", len(members))
		}
	})
}

// A link can't be made between the decision that there is none and the change of the group's members.
func TestALinkWaitsForAChangeOfTheGroupsMembers(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		c := makeClub(t, s)
		link := &muster.GroupSyncable{GroupID: c.group, TeamID: c.team, Type: muster.SyncableTeam}
		makeLink := func(ctx context.Context) error {
			return s.Store.Write(ctx, func(tx *store.Tx) error {
				if _, err := tx.GroupForUpdate(ctx, c.group); err != nil {
					return err
				}
				_, err := tx.LinkGroup(ctx, link)
				return err
			})
		}
		require.NoError(t, s.Store.Write(ctx, func(tx *store.Tx) error {
			if _, err := tx.GroupForUpdate(ctx, c.group); err != nil {
				return err
			}
			places, err := tx.LinkedPlaces(ctx, c.group, c.outsiderID)
			if err != nil || len(places) != 0 {
				t.Errorf("linked to %v already (%v)", places, err)
			}
			// Patience that runs out is what is asserted: the link waits for as long as the group's members are being changed.
			short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
			defer cancel()
			if makeLink(short) == nil {
				t.Error("a link was made meanwhile")
			}
			_, err = tx.AddGroupMembers(ctx, c.group, []string{c.outsiderID})
			return err
		}))
		require.NoError(t, makeLink(ctx))
	})
}
