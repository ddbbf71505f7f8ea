package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"muster/internal/store"
	"muster/internal/store/migrations"
)

// Migrating takes far longer than copying what was migrated before, so tests start on copies of a template: for SQLite a file of this process,
// for PostgreSQL a database that all processes with the same migrations share.

const (
	databaseFile = "muster.db"
	templateLock = 7_364_501 // advisory lock by which one process alone makes the template
)

// sqliteTemplate returns the bytes of a migrated database.
var sqliteTemplate = sync.OnceValues(func() (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "muster-template-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := migrate(store.Options{DataDir: dir}); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, databaseFile))
})

// postgresTemplate returns the name of a migrated database on the server that tests use.
var postgresTemplate = sync.OnceValues(func() (name string, err error) {
	schema, err := schemaHash()
	if err != nil {
		return "", err
	}
	name = "muster_template_" + schema
	ctx := context.Background()
	db, err := sql.Open("pgx", os.Getenv(serverVariable))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx) // the lock is the session's
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return "", err
	}
	defer func() {
		_, unlockErr := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", templateLock)
		err = errors.Join(err, unlockErr)
	}()
	var there bool
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	// It gets its name once it is whole.
	making := name + "_new"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + making + " WITH (FORCE)", "CREATE DATABASE " + making} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	dsn, err := databaseURL(making)
	if err != nil {
		return "", err
	}
	if err := migrate(store.Options{DSN: dsn}); err != nil {
		return "", err
	}
	_, err = conn.ExecContext(ctx, "ALTER DATABASE "+making+" RENAME TO "+name)
	return name, err
})

func migrate(o store.Options) error {
	s, err := store.Open(context.Background(), o)
	if err != nil {
		return fmt.Errorf("make the template of test databases: %w", err)
	}
	return s.Close()
}

// databaseURL returns the address of a database on the server that tests use.
func databaseURL(name string) (string, error) {
	u, err := url.Parse(os.Getenv(serverVariable))
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// schemaHash returns a name for the PostgreSQL migrations that this program was built with.
func schemaHash() (string, error) {
	files, err := fs.Glob(migrations.FS, "postgres/*.sql")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range files {
		text, err := migrations.FS.ReadFile(name)
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
