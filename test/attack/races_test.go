package attack_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/testserver"
)

// together runs all of them at once and waits for the last.
func together(run ...func()) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for _, f := range run {
		all.Go(func() {
			<-start
			f()
		})
	}
	close(start)
	all.Wait()
}

// mustWork fails the test, from any goroutine, where something did not work that must.
func mustWork(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// group is a team with a channel.
type group struct{ team, channel string }

func newGroup(t *testing.T, admin *client.Client, name string) group {
	t.Helper()
	team, err := admin.CreateTeam(t.Context(), &muster.Team{Name: name, DisplayName: name, Type: muster.TeamOpen})
	require.NoError(t, err)
	ch, err := admin.CreateChannel(t.Context(), &muster.Channel{TeamID: team.ID, Type: muster.ChannelPublic, Name: "talk", DisplayName: "talk"})
	require.NoError(t, err)
	return group{team.ID, ch.ID}
}

// Whatever of the two comes first: an account that was made a guest is one in all its teams, channels and sessions, and administers none of them.
func TestAGuestNeverAdministersATeam(t *testing.T) {
	const rounds, racers = 12, 5
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		s.Configure(t, `{"GuestAccountsSettings":{"Enable":true},"RateLimitSettings":{"Enable":false}}`)
		old := newGroup(t, admin, "old")
		_, err := admin.AddTeamMember(ctx, old.team, ann.ID)
		require.NoError(t, err)
		_, err = admin.AddChannelMember(ctx, old.channel, ann.ID)
		require.NoError(t, err)
		// What races is in itself allowed.
		require.NoError(t, admin.UpdateTeamMemberSchemeRoles(ctx, old.team, ann.ID, client.SchemeRoles{User: true, Admin: true}))
		require.NoError(t, admin.UpdateChannelMemberSchemeRoles(ctx, old.channel, ann.ID, client.SchemeRoles{User: true, Admin: true}))
		for round := range rounds {
			fresh := newGroup(t, admin, fmt.Sprint("fresh", round))
			race := []func(){
				func() { mustWork(t, admin.DemoteToGuest(ctx, ann.ID)) },
				func() { _, _ = admin.AddTeamMember(ctx, fresh.team, ann.ID) },
				func() { _, _ = s.Client().Login(ctx, ann.Username, testserver.Password) },
			}
			for range racers {
				race = append(race,
					func() {
						_ = admin.UpdateTeamMemberSchemeRoles(ctx, old.team, ann.ID, client.SchemeRoles{User: true, Admin: true})
					},
					func() {
						_ = admin.UpdateChannelMemberSchemeRoles(ctx, old.channel, ann.ID, client.SchemeRoles{User: true, Admin: true})
					})
			}
			together(race...)
			wantGuestEverywhere(t, s, ann.ID)
			require.NoError(t, admin.PromoteGuest(ctx, ann.ID))
		}
	})
}

func wantGuestEverywhere(t *testing.T, s *testserver.Server, userID string) {
	t.Helper()
	teams, err := s.Store.TeamMembershipsOf(t.Context(), userID)
	require.NoError(t, err)
	for _, m := range teams {
		if m.Roles != muster.RoleTeamGuest {
			t.Fatalf("a guest is %q in a team", m.Roles)
		}
	}
	channels, err := s.Store.ChannelMembershipsWithTeams(t.Context(), userID, 0, 1000)
	require.NoError(t, err)
	for _, m := range channels {
		if m.Roles != muster.RoleChannelGuest {
			t.Fatalf("a guest is %q in a channel", m.Roles)
		}
	}
	sessions, err := s.Store.Sessions(t.Context(), userID)
	require.NoError(t, err)
	for _, session := range sessions {
		if session.Roles != muster.RoleSystemGuest || session.Props[muster.SessionPropIsGuest] != "true" {
			t.Fatalf("a guest's session is %q", session.Roles)
		}
	}
}

// Who leaves a team is in none of its channels, also when somebody added them to one at that moment.
func TestNobodyStaysInAChannelOfATeamThatTheyLeft(t *testing.T) {
	const rounds = 20
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		s.Configure(t, `{"RateLimitSettings":{"Enable":false}}`)
		g := newGroup(t, admin, "team")
		_, err := admin.AddTeamMember(ctx, g.team, ann.ID)
		require.NoError(t, err)
		_, err = admin.AddChannelMember(ctx, g.channel, ann.ID)
		require.NoError(t, err)
		require.NoError(t, admin.RemoveTeamMember(ctx, g.team, ann.ID))
		for range rounds {
			_, err := admin.AddTeamMember(ctx, g.team, ann.ID)
			require.NoError(t, err)
			add := func() { _, _ = admin.AddChannelMember(ctx, g.channel, ann.ID) } // refused once she has left
			together(add, add, add, func() { mustWork(t, admin.RemoveTeamMember(ctx, g.team, ann.ID)) })
			channels, err := s.Store.ChannelMembershipsOf(ctx, ann.ID, g.team)
			require.NoError(t, err)
			if len(channels) != 0 {
				t.Fatalf("in %d channels of a team that she left", len(channels))
			}
		}
	})
}

// A status that somebody chooses stands against what a connection of theirs tells at that moment.
func TestAChosenStatusStands(t *testing.T) {
	const rounds = 20
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, ann := s.User(t, "ann")
		for range rounds {
			require.NoError(t, s.Store.Write(t.Context(), func(tx *store.Tx) error {
				return tx.SaveStatus(t.Context(), &muster.Status{UserID: ann.ID, Status: muster.StatusOffline})
			}))
			together(
				func() {
					mustWork(t, s.Services.Directory.SetPresence(context.WithoutCancel(t.Context()), ann.ID, muster.StatusOnline))
				},
				func() {
					mustWork(t, s.Services.Directory.SetPresence(context.WithoutCancel(t.Context()), ann.ID, muster.StatusOnline))
				},
				func() {
					mustWork(t, s.Store.Write(t.Context(), func(tx *store.Tx) error {
						return tx.SaveStatus(t.Context(), &muster.Status{UserID: ann.ID, Status: muster.StatusDnd, Manual: true})
					}))
				},
			)
			kept, err := s.Store.Statuses(t.Context(), []string{ann.ID})
			require.NoError(t, err)
			if len(kept) != 1 || kept[0].Status != muster.StatusDnd || !kept[0].Manual {
				t.Fatalf("kept %+v", kept[0])
			}
		}
	})
}
