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
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertTeam(t.Context(), team) }))
	return team
}

// joinTeam makes an account a member of a team that takes so many (0: any number), and of its channel of the name square.
func joinTeam(ctx context.Context, s *store.Store, teamID, userID string, limit int) error {
	return s.Write(ctx, func(tx *store.Tx) error { return joinTeamIn(ctx, tx, teamID, userID, limit) })
}

func joinTeamIn(ctx context.Context, tx *store.Tx, teamID, userID string, limit int) error {
	if err := tx.LockUsers(ctx, userID); err != nil {
		return err
	}
	if _, err := tx.TeamForUpdate(ctx, teamID); err != nil {
		return err
	}
	m := &muster.TeamMember{TeamID: teamID, UserID: userID}
	if _, err := tx.JoinTeam(ctx, m); err != nil {
		return err
	}
	if err := tx.JoinDefaultChannels(ctx, m, []string{"square"}); err != nil {
		return err
	}
	return tx.EnforceTeamLimit(ctx, teamID, limit)
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
				count(joinTeam(context.Background(), s, team.ID, users[i].ID, limit))
				return
			}
			u := newUser(fmt.Sprint("new", i))
			count(s.Write(context.Background(), func(tx *store.Tx) error {
				if err := tx.InsertUser(context.Background(), u); err != nil {
					return err
				}
				return joinTeamIn(context.Background(), tx, team.ID, u.ID, limit)
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
			newChannel(t, s, team.ID, "square")
			must(t, joinTeam(ctx, s, team.ID, u.ID, 0))
		}
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.LeaveTeam(ctx, one.ID, u.ID) }))
		for team, want := range map[*muster.Team]int{one: 0, two: 1} {
			channels, err := s.ChannelsOf(ctx, u.ID, team.ID)
			if err != nil || len(channels) != want {
				t.Errorf("%s: %d channels, want %d (%v)", team.Name, len(channels), want, err)
			}
		}
		must(t, joinTeam(ctx, s, one.ID, u.ID, 0))
		if channels, err := s.ChannelsOf(ctx, u.ID, one.ID); err != nil || len(channels) != 1 {
			t.Error("who comes back is in the channels again", err)
		}
	})
}
