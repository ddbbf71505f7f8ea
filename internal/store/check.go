package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Check looks whether what a database holds is sound. It makes, migrates and writes nothing: a database with an older schema is checked as it is.
func Check(ctx context.Context, o Options) (err error) {
	s := &Store{}
	var db *sql.DB
	if o.DSN == "" {
		s.dialect = sqliteDialect{}
		var release func() error
		if db, release, err = inspectSQLite(o.DataDir); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, release()) }()
	} else {
		s.dialect = postgresDialect{}
		if db, err = inspectPostgres(o.DSN); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := s.dialect.refuseForeign(ctx, db); err != nil {
		return err
	}
	if err := s.refuseNewer(ctx, db); err != nil {
		return err
	}
	version, err := s.schemaVersion(ctx, db)
	if err == nil && version == 0 {
		err = errors.New("there is no Muster database in that place yet: its tables are missing")
	}
	if err != nil {
		return err
	}
	return s.dialect.integrity(ctx, db)
}

// inspectSQLite opens the file of a data directory for reading alone, while no server has the directory. After a clean stop SQLite needs no file
// beside it; a log that a killed server left is read with it, as the next start will.
func inspectSQLite(dir string) (db *sql.DB, release func() error, err error) {
	path := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("data directory: %w", err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("there is no database in %s: %s is missing", dir, databaseFile)
	} else if err != nil {
		return nil, nil, fmt.Errorf("database file: %w", err)
	}
	release = func() error { return nil }
	lock, err := os.Open(filepath.Join(dir, lockFile))
	if err == nil {
		release, err = hold(lock, dir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	how := "immutable=1"
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		how = "mode=ro"
	}
	if db, err = sql.Open("sqlite", "file:"+url.PathEscape(path)+"?"+how); err != nil {
		err = errors.Join(fmt.Errorf("open the embedded database: %w", err), release())
	}
	return db, release, err
}
