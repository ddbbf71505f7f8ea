// Package storetest opens fresh databases for tests: SQLite always, PostgreSQL where MUSTER_TEST_POSTGRES names a server.
package storetest

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that creates and drops databases

	"muster"
	"muster/internal/require"
	"muster/internal/store"
)

const serverVariable = "MUSTER_TEST_POSTGRES"

// Each runs a test on every database that is there, each time on a fresh one.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite opens a fresh embedded database.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, databaseFile), template, 0o600))
	return open(t, store.Options{DataDir: dir})
}

// Postgres opens a fresh database on the server of MUSTER_TEST_POSTGRES. Without one the test is skipped, or fails where CI is true.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return open(t, store.Options{DSN: postgresDSN(t, true)})
}

// PostgresDSN creates an empty database and returns its address; it is dropped after the test.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	return postgresDSN(t, false)
}

func postgresDSN(t testing.TB, migrated bool) string {
	t.Helper()
	server := os.Getenv(serverVariable)
	if server == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(serverVariable + " names no PostgreSQL server")
		}
		t.Skip("SKIPPED: " + serverVariable + " names no PostgreSQL server (scripts/with-postgres.sh starts one)")
	}
	name := "muster_" + strings.ToLower(muster.NewID())
	admin, err := sql.Open("pgx", server)
	require.NoError(t, err)
	exec := func(statement string) {
		_, err := admin.ExecContext(context.Background(), statement)
		require.NoError(t, err)
	}
	create := "CREATE DATABASE " + name
	if migrated {
		template, err := postgresTemplate()
		require.NoError(t, err)
		create += " TEMPLATE " + template
	}
	exec(create)
	t.Cleanup(func() {
		exec("DROP DATABASE " + name + " WITH (FORCE)")
		require.NoError(t, admin.Close())
	})
	dsn, err := databaseURL(name)
	require.NoError(t, err)
	return dsn
}

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	require.NoError(t, err)
	opened.Store(s, o)
	t.Cleanup(func() {
		opened.Delete(s)
		require.NoError(t, s.Close())
	})
	return s
}

// opened holds the options of every open Store.
var opened sync.Map

// ExecUnseen runs a statement on a Store's database over a connection of its own: no listener of the Store hears of it, as of another node's change.
func ExecUnseen(t testing.TB, s *store.Store, statement string) {
	t.Helper()
	o, ok := opened.Load(s)
	if !ok {
		t.Fatal("not opened by storetest")
	}
	driver, dsn := "pgx", o.(store.Options).DSN
	if dsn == "" {
		driver, dsn = "sqlite", "file:"+filepath.Join(o.(store.Options).DataDir, databaseFile)+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	_, err = db.ExecContext(context.Background(), statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// Exec runs a statement on a PostgreSQL database that no Store has open.
func Exec(t testing.TB, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	_, err = db.ExecContext(context.Background(), statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
