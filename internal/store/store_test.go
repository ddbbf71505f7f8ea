package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	must(t, s.SaveSettings(ctx, []byte(`{"a":1}`)))
	must(t, s.Close())
	s, err = store.Open(ctx, store.Options{DataDir: dir})
	must(t, err)
	_, err = s.UserByUsername(ctx, "ann")
	must(t, err)
	settings, err := s.LoadSettings(ctx)
	if err != nil || string(settings) != `{"a":1}` {
		t.Fatal(string(settings), err)
	}
	info, err := os.Stat(filepath.Join(dir, "muster.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("database file: %v %v", info.Mode(), err)
	}
	must(t, s.Close())
}

func TestSettingsAreReplaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		if b, err := s.LoadSettings(ctx); err != nil || len(b) != 0 {
			t.Fatal(string(b), err)
		}
		must(t, s.SaveSettings(ctx, []byte("1"), audit("u", "x")))
		must(t, s.SaveSettings(ctx, []byte("2")))
		if b, err := s.LoadSettings(ctx); err != nil || string(b) != "2" {
			t.Fatal(string(b), err)
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
