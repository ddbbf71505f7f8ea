package store_test

import (
	"context"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func newChannel(t testing.TB, s *store.Store, teamID, name string) *muster.Channel {
	t.Helper()
	ch := &muster.Channel{ID: muster.NewID(), CreateAt: someTime, UpdateAt: someTime, TeamID: teamID, Type: muster.ChannelPublic, Name: name}
	_, _, err := s.CreateChannel(context.Background(), ch, nil)
	must(t, err)
	return ch
}

func TestAChannelsNameIsItsOwnInItsTeam(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const taken = "store.sql_channel.save_channel.exists.app_error"
		one, two := newTeam(t, s, "one"), newTeam(t, s, "two")
		a, b := newChannel(t, s, one.ID, "a"), newChannel(t, s, one.ID, "b")
		newChannel(t, s, two.ID, "c")
		rename := func(id, name string) error {
			_, err := s.UpdateChannel(context.Background(), id, func(c *muster.Channel) error { c.Name = name; return nil })
			return err
		}
		if err := rename(a.ID, "b"); !muster.HasID(err, taken) {
			t.Error("a taken name", err)
		}
		must(t, rename(a.ID, "a"))
		must(t, rename(b.ID, "c")) // another team's name
	})
}

func TestABrokenUpdateIsNotTakenForATakenName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ch := newChannel(t, s, newTeam(t, s, "team").ID, "a")
		ctx, cancel := context.WithCancel(context.Background())
		_, err := s.UpdateChannel(ctx, ch.ID, func(c *muster.Channel) error { cancel(); return nil })
		if err == nil || muster.IsKind(err, muster.Invalid) {
			t.Error(err)
		}
	})
}
