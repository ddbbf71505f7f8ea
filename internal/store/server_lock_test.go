package store_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

const patience = time.Minute // for what must happen

func TestASecondServerOnOnePostgresIsRefused(t *testing.T) {
	store.LockPatience(t, 0)
	dsn := storetest.PostgresDSN(t)
	first, err := store.Open(t.Context(), store.Options{DSN: dsn})
	must(t, err)
	_, err = store.Open(t.Context(), store.Options{DSN: dsn})
	if err == nil || !strings.Contains(err.Error(), "another Muster server is using the database") {
		t.Fatalf("a second server got %v", err)
	}
	beside, err := store.Open(t.Context(), store.Options{DSN: dsn, Shared: true})
	must(t, err)
	must(t, beside.Close())
	must(t, store.Check(t.Context(), store.Options{DSN: dsn})) // which only reads
	must(t, first.Close())
	again, err := store.Open(t.Context(), store.Options{DSN: dsn})
	must(t, err)
	must(t, again.Close())
}

func TestAStartWaitsForTheServerBeforeIt(t *testing.T) {
	store.LockPatience(t, patience)
	dsn := storetest.PostgresDSN(t)
	first, err := store.Open(t.Context(), store.Options{DSN: dsn})
	must(t, err)
	opened := make(chan error, 1)
	go func() {
		second, err := store.Open(t.Context(), store.Options{DSN: dsn})
		if err == nil {
			err = second.Close()
		}
		opened <- err
	}()
	db := connect(t, dsn)
	for held(t, db) < 2 { // the first one's connection, and the second's that waits
		pause(t)
	}
	must(t, first.Close())
	must(t, <-opened)
}

func TestAServerTakesItsLostLockAgain(t *testing.T) {
	dsn := storetest.PostgresDSN(t)
	s, err := store.Open(t.Context(), store.Options{DSN: dsn})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	db := connect(t, dsn)
	terminate(t, db)
	for locks(t, db) == 0 {
		pause(t)
	}
	for _, err = s.Empty(t.Context()); err != nil; _, err = s.Empty(t.Context()) {
		if !muster.IsKind(err, muster.Unavailable) {
			t.Fatal(err)
		}
		pause(t)
	}
}

func TestAServerWhoseDatabaseAnotherTookStops(t *testing.T) {
	dsn := storetest.PostgresDSN(t)
	s, err := store.Open(t.Context(), store.Options{DSN: dsn})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	db := connect(t, dsn)
	// The other server waits for the lock, so that it is the one that gets it.
	other, err := db.Conn(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, other.Close()) })
	taken := make(chan error, 1)
	go func() {
		_, err := other.ExecContext(t.Context(), "SELECT pg_advisory_lock($1)", int64(store.LockKey))
		taken <- err
	}()
	for held(t, db) < 2 {
		pause(t)
	}
	terminate(t, db)
	must(t, <-taken)
	select {
	case <-s.Lost():
	case <-time.After(patience):
		t.Fatal("the first server goes on")
	}
	if _, err := s.Empty(t.Context()); !muster.IsKind(err, muster.Unavailable) {
		t.Errorf("it still reads: %v", err)
	}
	err = s.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveSettings(t.Context(), []byte("{}")) })
	if !muster.IsKind(err, muster.Unavailable) {
		t.Errorf("it still writes: %v", err)
	}
}

func connect(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

const lockRows = " FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = current_database()"

// locks counts those that hold the lock.
func locks(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	must(t, db.QueryRowContext(t.Context(), "SELECT count(*)"+lockRows+" AND l.granted").Scan(&n))
	return n
}

// held counts connections that hold the lock or want it.
func held(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	must(t, db.QueryRowContext(t.Context(), "SELECT (SELECT count(*)"+lockRows+") + (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'muster lock' AND "+
		"datname = current_database() AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))").Scan(&n))
	return n
}

// terminate ends the connection that holds the lock, as a network that breaks does.
func terminate(t *testing.T, db *sql.DB) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), "SELECT pg_terminate_backend(l.pid)"+lockRows+" AND l.granted")
	must(t, err)
}

func pause(t *testing.T) {
	t.Helper()
	select {
	case <-t.Context().Done():
		t.FailNow()
	case <-time.After(5 * time.Millisecond):
	}
}
