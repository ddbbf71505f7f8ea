package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

// Members are looked for among as few users as one statement names, and among more.
func TestRecipientsAreFoundOnceEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		users := map[string]*muster.User{}
		for _, name := range []string{"ann", "bob", "carl", "lone"} {
			users[name] = create(t, s, newUser(name))
		}
		team := newTeam(t, s, "town")
		var channels []string
		for i, members := range [][]string{{"ann", "bob"}, {"ann", "bob", "carl"}} {
			ch := newChannel(t, s, team.ID, fmt.Sprint("c", i))
			channels = append(channels, ch.ID)
			for _, name := range members {
				must(t, joinTeam(ctx, s, team.ID, users[name].ID, 0))
				must(t, s.Write(ctx, func(tx *store.Tx) error {
					_, err := tx.JoinChannel(ctx, &muster.ChannelMember{ChannelID: ch.ID, UserID: users[name].ID})
					return err
				}))
			}
		}
		var few, many []string
		for _, u := range users {
			few = append(few, u.ID)
		}
		for range 1200 {
			many = append(many, muster.NewID())
		}
		many = append(many, few...)
		for _, connected := range [][]string{few, many} {
			for _, c := range []struct {
				what string
				ask  func(context.Context, string, []string) ([]string, error)
				id   string
				want []string
			}{
				{"a channel", s.MembersOfChannelAmong, channels[0], []string{"ann", "bob"}},
				{"a team", s.MembersOfTeamAmong, team.ID, []string{"ann", "bob", "carl"}},
				{"a person of two channels", s.ContactsAmong, users["bob"].ID, []string{"ann", "bob", "carl"}},
				{"a person of none", s.ContactsAmong, users["lone"].ID, []string{"lone"}},
				{"nobody", s.ContactsAmong, muster.NewID(), nil},
			} {
				got, err := c.ask(ctx, c.id, connected)
				must(t, err)
				var want []string
				for _, name := range c.want {
					want = append(want, users[name].ID)
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s among %d: %q, want %q", c.what, len(connected), got, want)
				}
			}
		}
	})
}
