package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"muster"
	"muster/internal/config"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func TestASecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	first, err := store.Open(context.Background(), store.Options{DataDir: dir})
	must(t, err)
	_, err = store.Open(context.Background(), store.Options{DataDir: dir})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use") {
		t.Fatalf("a second process got %v", err)
	}
	must(t, first.Close())
	again, err := store.Open(context.Background(), store.Options{DataDir: dir})
	must(t, err)
	must(t, again.Close())
}

func TestDataOutlivesTheProcess(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "new", "data")
	s, err := store.Open(ctx, store.Options{DataDir: dir})
	must(t, err)
	create(t, s, newUser("ann"))
	keepSettings(t, s, `{"a":1}`)
	must(t, s.Close())
	s, err = store.Open(ctx, store.Options{DataDir: dir})
	must(t, err)
	_, err = s.UserByUsername(ctx, "ann")
	must(t, err)
	settings, err := s.LoadSettings(ctx)
	if err != nil || string(settings.Document) != `{"a":1}` {
		t.Fatal(settings, err)
	}
	info, err := os.Stat(filepath.Join(dir, "muster.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("database file: %v %v", info.Mode(), err)
	}
	must(t, s.Close())
}

// keepSettings replaces the kept settings, whatever they are.
func keepSettings(t *testing.T, s *store.Store, document string, audits ...*muster.Audit) (version int64) {
	t.Helper()
	version, err := s.ChangeSettings(t.Context(), func(config.Stored) ([]byte, []*muster.Audit, error) {
		return []byte(document), audits, nil
	})
	must(t, err)
	return version
}

func TestSettingsAreReplaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if kept, err := s.LoadSettings(ctx); err != nil || len(kept.Document) != 0 || kept.Version != 0 {
			t.Fatal(kept, err)
		}
		keepSettings(t, s, "1", audit("u", "x"))
		if version := keepSettings(t, s, "2"); version != 2 {
			t.Fatal("version", version)
		}
		if kept, err := s.LoadSettings(ctx); err != nil || string(kept.Document) != "2" || kept.Version != 2 {
			t.Fatal(kept, err)
		}
	})
}

func TestSettingsStayAsTheyAre(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		keepSettings(t, s, "1")
		refusal := errors.New("refused")
		_, err := s.ChangeSettings(ctx, func(config.Stored) ([]byte, []*muster.Audit, error) { return []byte("2"), nil, refusal })
		if !errors.Is(err, refusal) {
			t.Fatal(err)
		}
		version, err := s.ChangeSettings(ctx, func(config.Stored) ([]byte, []*muster.Audit, error) { return nil, nil, nil })
		if err != nil || version != 1 {
			t.Fatal(version, err)
		}
		if kept, err := s.LoadSettings(ctx); err != nil || string(kept.Document) != "1" || kept.Version != 1 {
			t.Fatal(kept, err)
		}
	})
}

// Each change sees the one before it: none is decided on a document that another one replaces meanwhile.
func TestChangesOfTheSettingsFollowEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const changes = 20
		var all sync.WaitGroup
		for range changes {
			all.Go(func() {
				_, err := s.ChangeSettings(t.Context(), func(kept config.Stored) ([]byte, []*muster.Audit, error) {
					return append(kept.Document, 'x'), nil, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if kept, err := s.LoadSettings(t.Context()); err != nil || len(kept.Document) != changes || kept.Version != changes {
			t.Fatal(kept, err)
		}
	})
}

func TestAForeignPostgresDatabaseIsRefused(t *testing.T) {
	ctx := context.Background()
	dsn := storetest.PostgresDSN(t)
	storetest.Exec(t, dsn, "CREATE TABLE users (id text)")
	_, err := store.Open(ctx, store.Options{DSN: dsn})
	if err == nil || !strings.Contains(err.Error(), "another program") {
		t.Fatalf("got %v", err)
	}
}

func TestABadDatabaseAddressIsNotRepeated(t *testing.T) {
	_, err := store.Open(context.Background(), store.Options{DSN: "postgres://u:secret@%zz/x"})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Fatalf("got %v", err)
	}
}
