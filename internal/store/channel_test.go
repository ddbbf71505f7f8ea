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
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertChannel(t.Context(), ch) }))
	return ch
}

func changeChannel(ctx context.Context, s *store.Store, id string, change func(*muster.Channel)) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		ch, err := tx.ChannelForUpdate(ctx, id)
		if err != nil {
			return err
		}
		change(ch)
		return tx.SaveChannel(ctx, ch)
	})
}

func TestAChannelsNameIsItsOwnInItsTeam(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const taken = "store.sql_channel.save_channel.exists.app_error"
		one, two := newTeam(t, s, "one"), newTeam(t, s, "two")
		a, b := newChannel(t, s, one.ID, "a"), newChannel(t, s, one.ID, "b")
		newChannel(t, s, two.ID, "c")
		rename := func(id, name string) error {
			return changeChannel(context.Background(), s, id, func(c *muster.Channel) { c.Name = name })
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
		err := changeChannel(ctx, s, ch.ID, func(*muster.Channel) { cancel() })
		if err == nil || muster.IsKind(err, muster.Invalid) {
			t.Error(err)
		}
	})
}
