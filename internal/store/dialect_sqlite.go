package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	databaseFile = "muster.db"
	lockFile     = "muster.lock"
)

type sqliteDialect struct{}

// openSQLite opens the embedded database: one connection writes, several read beside it (WAL), and every
// commit is on disk before it is acknowledged (synchronous FULL).
func (s *Store) openSQLite(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	release, err := holdDirectory(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, databaseFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return errors.Join(fmt.Errorf("database file: %w", err), release())
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, release())
	}
	s.dialect, s.release = sqliteDialect{}, release
	if s.writer, err = sql.Open("sqlite", sqliteDSN(path, true)); err == nil {
		s.reader, err = sql.Open("sqlite", sqliteDSN(path, false))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open the embedded database: %w", err), release())
	}
	s.writer.SetMaxOpenConns(1)
	readers := max(4, runtime.GOMAXPROCS(0))
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return nil
}

func sqliteDSN(path string, write bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "cache_size(-8000)", "temp_store(MEMORY)",
	}}
	if write {
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(ON)")
	}
	return "file:" + url.PathEscape(path) + "?" + q.Encode()
}

// holdDirectory refuses a second process on the same database. The system drops the hold when the process ends, however it ends.
func holdDirectory(dir string) (release func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return hold(f, dir)
}

// hold takes the lock of a directory's lock file.
func hold(f *os.File, dir string) (release func() error, err error) {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = fmt.Errorf("the data directory %s is in use by another muster process: stop that one first, or name another directory with --data", dir)
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}

func (sqliteDialect) name() goose.Dialect                    { return goose.DialectSQLite3 }
func (sqliteDialect) migrations() string                     { return "sqlite" }
func (sqliteDialect) goose() ([]goose.ProviderOption, error) { return nil, nil } // the directory is held: nobody else migrates
func (sqliteDialect) rebind(query string) string             { return query }
func (sqliteDialect) forUpdate() string                      { return "" } // there is one writer
func (sqliteDialect) forUpdateSkipLocked() string            { return "" }
func (sqliteDialect) exclusive() bool                        { return true } // its directory is held
func (sqliteDialect) mayRetry(err error) bool                { return sqliteCode(err)&0xff == sqlite3.SQLITE_BUSY }

func (sqliteDialect) noStatementTimeout() string { return "" } // statements have no time limit
func (sqliteDialect) lockAccounts() string       { return "" } // one transaction at a time writes

func (sqliteDialect) unavailable(err error) bool {
	code := sqliteCode(err) & 0xff
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// full: SQLite needs room for its log, and for the index of that, too.
func (sqliteDialect) full(err error) bool {
	code := sqliteCode(err)
	return code&0xff == sqlite3.SQLITE_FULL || code == sqlite3.SQLITE_IOERR_SHMSIZE
}

func (sqliteDialect) hasTable() string {
	return "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = ?"
}
func (sqliteDialect) refuseForeign(context.Context, *sql.DB) error { return nil } // its directory is ours

func (sqliteDialect) isUnique(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

func (sqliteDialect) integrity(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict); err != nil {
		return fmt.Errorf("integrity check: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("the database is damaged: %s", verdict)
	}
	var table string
	err := db.QueryRowContext(ctx, `SELECT "table" FROM pragma_foreign_key_check LIMIT 1`).Scan(&table)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("a row of %s points at a row that is gone", table)
	}
	return err
}
