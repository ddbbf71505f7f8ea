package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

// newUpload is an upload of ten bytes by a user to a channel of its own.
func newUpload(t testing.TB, s *store.Store, name string) *muster.Upload {
	t.Helper()
	u := create(t, s, newUser(name))
	ch := &muster.Channel{ID: muster.NewID(), CreateAt: 1, UpdateAt: 1, Type: muster.ChannelDirect, Name: u.ID + "__" + u.ID}
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, _, err := tx.DirectOrGroupChannel(t.Context(), ch)
		return err
	})
	must(t, err)
	return &muster.Upload{ID: muster.NewID(), CreateAt: someTime, UserID: u.ID, ChannelID: ch.ID, Filename: "a.txt", FileSize: 10}
}

func insertUpload(s *store.Store, u *muster.Upload) error {
	ctx := context.Background()
	return s.Write(ctx, func(tx *store.Tx) error { return tx.InsertUpload(ctx, u) })
}

func TestUploadUsage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u, other := newUpload(t, s, "ann"), newUpload(t, s, "bob")
		large, file := *u, u.File(someTime)
		large.ID, large.FileSize = muster.NewID(), 10_000
		file.ID, file.Size = muster.NewID(), 20_000
		must(t, s.Write(ctx, func(tx *store.Tx) error {
			if err := tx.HoldAccount(ctx, u.UserID); err != nil {
				return err
			}
			return errors.Join(tx.InsertUpload(ctx, u), tx.InsertUpload(ctx, &large), tx.InsertUpload(ctx, other), tx.InsertFile(ctx, file))
		}))
		must(t, s.Write(ctx, func(tx *store.Tx) error {
			usage, err := tx.UploadUsage(ctx, u.UserID)
			if want := (store.UploadUsage{Unfinished: 2, Bytes: 4096 + 10_000 + 20_000}); usage != want {
				t.Errorf("%+v, want %+v", usage, want)
			}
			return err
		}))
		if err := s.Write(ctx, func(tx *store.Tx) error { return tx.HoldAccount(ctx, muster.NewID()) }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("held nobody's account: %v", err)
		}
	})
}

func TestOnePieceOfSeveralIsAdded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := newUpload(t, s, "ann")
		must(t, insertUpload(s, u))
		began, err := s.Upload(ctx, u.ID)
		must(t, err)
		addPiece := func(u *store.UploadState, key string, size int64) error {
			return s.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.AddPiece(ctx, u, key, size)
				return err
			})
		}
		var added atomic.Int32
		each(8, func(i int) {
			switch err := addPiece(began, fmt.Sprint("key", i), 4); {
			case err == nil:
				added.Add(1)
			case !errors.Is(err, store.ErrConcurrent):
				t.Error(err)
			}
		})
		now, err := s.Upload(ctx, u.ID)
		if err != nil || added.Load() != 1 || now.FileOffset != 4 || len(now.Pieces) != 1 {
			t.Fatalf("%d added: %+v (%v)", added.Load(), now, err)
		}
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.DeleteUpload(ctx, u.ID) }))
		if err := addPiece(now, "late", 6); !errors.Is(err, store.ErrConcurrent) {
			t.Errorf("a piece of an upload that is gone: %v", err)
		}
	})
}

func TestAnUploadBecomesAFileOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := newUpload(t, s, "ann")
		must(t, insertUpload(s, u))
		var finished atomic.Int32
		each(8, func(int) {
			err := s.Write(ctx, func(tx *store.Tx) error {
				if err := tx.DeleteUpload(ctx, u.ID); err != nil {
					return err
				}
				return tx.InsertFile(ctx, u.File(someTime))
			})
			switch {
			case err == nil:
				finished.Add(1)
			case !errors.Is(err, store.ErrNotFound):
				t.Error(err)
			}
		})
		f, err := s.File(ctx, u.ID)
		if err != nil || finished.Load() != 1 || f.Name != "a.txt" || f.Size != 10 {
			t.Fatalf("%d finished: %+v (%v)", finished.Load(), f, err)
		}
		_, err = s.Upload(ctx, u.ID)
		if !errors.Is(err, store.ErrNotFound) {
			t.Error("it is still unfinished", err)
		}
	})
}
