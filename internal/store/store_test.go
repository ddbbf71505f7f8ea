package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	saveSettings(t, s, `{"a":1}`)
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

func saveSettings(t *testing.T, s *store.Store, document string) {
	t.Helper()
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveSettings(t.Context(), []byte(document)) }))
}

func TestSettingsAreReplaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var told []config.Stored
		s.OnCommit(func(c store.Changes) { told = append(told, *c.Settings) })
		is := func(document string, version int64) {
			t.Helper()
			if stored, err := s.LoadSettings(t.Context()); err != nil || string(stored.Document) != document || stored.Version != version {
				t.Fatal(stored, err)
			}
		}
		is("", 0)
		saveSettings(t, s, "1")
		saveSettings(t, s, "2")
		is("2", 2)
		if len(told) != 2 || string(told[1].Document) != "2" || told[1].Version != 2 {
			t.Errorf("told of %v", told)
		}
		refusal := errors.New("refused")
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.SaveSettings(t.Context(), []byte("3")), refusal)
		})
		if !errors.Is(err, refusal) || len(told) != 2 {
			t.Error(err, told)
		}
		is("2", 2)
	})
}

// Each change sees the one before it: none is decided on a document that another one replaces meanwhile.
func TestChangesOfTheSettingsFollowEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const changes = 20
		each(changes, func(int) {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				stored, err := tx.SettingsForUpdate(t.Context())
				if err != nil {
					return err
				}
				return tx.SaveSettings(t.Context(), append(stored.Document, 'x'))
			})
			if err != nil {
				t.Error(err)
			}
		})
		if stored, err := s.LoadSettings(t.Context()); err != nil || len(stored.Document) != changes || stored.Version != changes {
			t.Fatal(stored, err)
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
