package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func newTeam(t testing.TB, s *store.Store, name string) *muster.Team {
	t.Helper()
	team := &muster.Team{ID: muster.NewID(), CreateAt: someTime, UpdateAt: someTime, DisplayName: name, Name: name, Type: muster.TeamOpen, InviteID: muster.NewID()}
	must(t, s.CreateTeam(context.Background(), team, nil, nil))
	return team
}

func TestJoinsOfOneTeamStopAtItsLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const limit = 5
		team := newTeam(t, s, "team")
		users := make([]*muster.User, 8)
		for i := range users {
			users[i] = create(t, s, newUser(fmt.Sprint("u", i)))
		}
		var joined, refused atomic.Int32
		count := func(err error) {
			switch {
			case err == nil:
				joined.Add(1)
			case muster.HasID(err, "app.team.join_user_to_team.max_accounts.app_error"):
				refused.Add(1)
			default:
				t.Error(err)
			}
		}
		each(16, func(i int) { // half of them join, half sign up into the team
			if i < len(users) {
				_, _, err := s.JoinTeam(context.Background(), team.ID, []string{users[i].ID}, nil, limit)
				count(err)
				return
			}
			u := newUser(fmt.Sprint("new", i))
			count(s.Write(context.Background(), func(tx *store.Tx) error {
				if err := tx.InsertUser(context.Background(), u); err != nil {
					return err
				}
				return tx.JoinTeamAs(context.Background(), u, &muster.TeamMember{TeamID: team.ID, UserID: u.ID}, nil, nil, limit)
			}))
		})
		total, active, err := s.CountTeamMembers(context.Background(), team.ID)
		if joined.Load() != limit || refused.Load() != 16-limit || total != limit || active != limit || err != nil {
			t.Fatalf("%d joined, %d refused, %d members (%v)", joined.Load(), refused.Load(), total, err)
		}
	})
}

func TestLeavingATeamLeavesItsChannelsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		one, two := newTeam(t, s, "one"), newTeam(t, s, "two")
		for _, team := range []*muster.Team{one, two} {
			_, _, err := s.CreateChannel(ctx, &muster.Channel{ID: muster.NewID(), CreateAt: 1, UpdateAt: 1, TeamID: team.ID, Type: muster.ChannelPublic, Name: "square"}, nil)
			must(t, err)
			_, _, err = s.JoinTeam(ctx, team.ID, []string{u.ID}, []string{"square"}, 0)
			must(t, err)
		}
		must(t, s.LeaveTeam(ctx, one.ID, u.ID))
		for team, want := range map[*muster.Team]int{one: 0, two: 1} {
			channels, err := s.ChannelsOf(ctx, u.ID, team.ID)
			if err != nil || len(channels) != want {
				t.Errorf("%s: %d channels, want %d (%v)", team.Name, len(channels), want, err)
			}
		}
		_, _, err := s.JoinTeam(ctx, one.ID, []string{u.ID}, []string{"square"}, 0)
		must(t, err)
		if channels, err := s.ChannelsOf(ctx, u.ID, one.ID); err != nil || len(channels) != 1 {
			t.Error("who comes back is in the channels again", err)
		}
	})
}
