package files_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"muster"
	"muster/internal/store"
	"muster/internal/testserver"
)

func TestStaleUploadsAreSwept(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		ch, err := ann.CreateDirectChannel(ctx, me.ID, me.ID)
		must(t, err)
		// begun makes an upload that began some time ago, and a piece of it.
		begun := func(ago time.Duration) (id, file string) {
			u := &muster.Upload{
				ID: muster.NewID(), CreateAt: time.Now().Add(-ago).UnixMilli(), UserID: me.ID, ChannelID: ch.ID, Filename: "a.txt", FileSize: 10,
			}
			must(t, s.Store.CreateUpload(ctx, u, store.UploadQuota{}))
			key := "uploads/" + u.ID + "/piece"
			file = filepath.Join(s.Files, key)
			must(t, errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("0123"), 0o600)))
			_, err := s.Store.AddPiece(ctx, &store.UploadState{Upload: *u}, key, 4)
			must(t, err)
			return u.ID, file
		}
		const life = 7 * 24 * time.Hour
		young, kept := begun(life - time.Hour)
		stale := map[string]string{}
		for range 101 { // more than are swept at a time
			id, file := begun(life + time.Second)
			stale[id] = file
		}
		must(t, s.Services.Files.SweepUploads(ctx))
		must(t, s.Services.Files.SweepUploads(ctx))
		for id, file := range stale {
			if _, err := s.Store.Upload(ctx, id); !errors.Is(err, store.ErrNotFound) {
				t.Fatal("a stale upload is left", err)
			}
			if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
				t.Fatal("a piece of a stale upload is left", err)
			}
		}
		u, err := ann.Upload(ctx, young)
		if err != nil || u.FileOffset != 4 {
			t.Errorf("%+v (%v)", u, err)
		}
		if _, err := os.Stat(kept); err != nil {
			t.Error(err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
