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

func TestUnfinishedUploadsStopAtTheirLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const limit = 3
		u := newUpload(t, s, "ann")
		var made, refused atomic.Int32
		each(12, func(int) {
			one := *u
			one.ID = muster.NewID()
			switch err := s.CreateUpload(context.Background(), &one, store.UploadQuota{Unfinished: limit}); {
			case err == nil:
				made.Add(1)
			case muster.HasID(err, "app.upload.create.too_many.app_error"):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
		list, err := s.Uploads(context.Background(), u.UserID)
		if made.Load() != limit || refused.Load() != 12-limit || len(list) != limit || err != nil {
			t.Fatalf("%d made, %d refused, %d are there (%v)", made.Load(), refused.Load(), len(list), err)
		}
	})
}

func TestOnePieceOfSeveralIsAdded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := newUpload(t, s, "ann")
		must(t, s.CreateUpload(ctx, u, store.UploadQuota{Unfinished: 9}))
		began, err := s.Upload(ctx, u.ID)
		must(t, err)
		var added atomic.Int32
		each(8, func(i int) {
			switch _, err := s.AddPiece(ctx, began, fmt.Sprint("key", i), 4); {
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
		must(t, s.DeleteUpload(ctx, u.ID))
		if _, err := s.AddPiece(ctx, now, "late", 6); !errors.Is(err, store.ErrConcurrent) {
			t.Errorf("a piece of an upload that is gone: %v", err)
		}
	})
}

func TestAnUploadBecomesAFileOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := newUpload(t, s, "ann")
		must(t, s.CreateUpload(ctx, u, store.UploadQuota{Unfinished: 9}))
		var finished atomic.Int32
		each(8, func(int) {
			switch err := s.FinishUpload(ctx, u.File(someTime), audit(u.UserID, "finished")); {
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
		history, err := s.Audits(ctx, u.UserID, 0, 9)
		if err != nil || len(history) != 1 {
			t.Errorf("%d lines of history (%v)", len(history), err)
		}
		_, err = s.Upload(ctx, u.ID)
		if !errors.Is(err, store.ErrNotFound) {
			t.Error("it is still under way", err)
		}
	})
}
