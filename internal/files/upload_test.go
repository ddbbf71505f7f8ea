package files_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/core"
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
			key := "uploads/" + u.ID + "/piece"
			must(t, s.Store.Write(ctx, func(tx *store.Tx) error {
				if err := tx.InsertUpload(ctx, u); err != nil {
					return err
				}
				_, err := tx.AddPiece(ctx, &store.UploadState{Upload: *u}, key, 4)
				return err
			}))
			file = filepath.Join(s.Files, key)
			must(t, errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("0123"), 0o600)))
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

func TestUnfinishedUploadsStopAtTheirLimit(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		ch, err := ann.CreateDirectChannel(ctx, me.ID, me.ID)
		must(t, err)
		const limit, attempts = 3, 12
		s.Configure(t, `{"StorageSettings":{"MaxUnfinishedUploadsPerUser":3}}`)
		var made, refused atomic.Int32
		var all sync.WaitGroup
		for range attempts {
			all.Go(func() {
				_, err := ann.CreateUpload(ctx, &muster.Upload{ChannelID: ch.ID, Filename: "a.txt", FileSize: 10})
				switch {
				case err == nil:
					made.Add(1)
				case client.HasID(err, "app.upload.create.too_many.app_error"):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		list, err := s.Store.Uploads(ctx, me.ID)
		if made.Load() != limit || refused.Load() != attempts-limit || len(list) != limit || err != nil {
			t.Fatalf("%d made, %d refused, %d are there (%v)", made.Load(), refused.Load(), len(list), err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A piece that the disk gives no more ends the putting together of a file as a fault of ours.
func TestAPieceThatCanNotBeReadEndsTheUpload(t *testing.T) {
	s := testserver.New(t)
	ctx := t.Context()
	ann, me := s.User(t, "ann")
	ch, err := ann.CreateDirectChannel(ctx, me.ID, me.ID)
	must(t, err)
	u, err := ann.CreateUpload(ctx, &muster.Upload{ChannelID: ch.ID, Filename: "a.txt", FileSize: 4})
	must(t, err)
	_, err = ann.ContinueUpload(ctx, u.ID, 0, []byte("ab"))
	must(t, err)
	kept, err := filepath.Glob(filepath.Join(s.Files, "uploads", u.ID, "*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	must(t, errors.Join(os.Remove(kept[0]), os.Mkdir(kept[0], 0o700))) // a folder opens as a file does, and can't be read
	who := &core.Caller{Session: &muster.Session{UserID: me.ID}, User: me}
	if f, err := s.Services.Files.ContinueUpload(ctx, who, u.ID, 2, strings.NewReader("cd")); err == nil {
		t.Errorf("it became %+v", f)
	}
}
