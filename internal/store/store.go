// Package store holds all SQL: one concrete type over database/sql that speaks to SQLite and PostgreSQL.
// A Store reads; everything is written within Write, through the verbs of a Tx (docs/adr/0023-packages-by-role.md). A missing row is ErrNotFound; a clash of unique names and the last
// administrator's protection are *muster.Error with the protocol's id.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// ErrNotFound says that no row has the asked-for name.
var ErrNotFound = errors.New("no such row")

// Options name the database. DSN "" is SQLite at DataDir/muster.db.
type Options struct {
	DSN     string
	DataDir string
	Now     func() time.Time // time.Now if nil
	Log     *slog.Logger     // slog.Default() if nil
	Disk    Disk             // what knows how much room the database has left; nil where nobody looks

	// Shared lifts the lock that keeps a second server from a PostgreSQL database. It is for tests: a server does not hear of what another changes.
	Shared bool
}

// Store is the database. It is safe for concurrent use.
type Store struct {
	writer  *sql.DB // the same pool as reader on PostgreSQL; one connection on SQLite
	reader  *sql.DB
	dialect dialect
	now     func() time.Time
	room    room
	lock    *serverLock  // nil where none is needed
	release func() error // of the data directory

	listeners listeners
}

// dialect is what differs between the databases. Everything else is SQL that both share.
type dialect interface {
	name() goose.Dialect
	migrations() string // the directory of its migrations
	goose() ([]goose.ProviderOption, error)
	rebind(query string) string
	isUnique(err error) bool     // a unique constraint refused the row
	mayRetry(err error) bool     // the transaction lost a race and may be run again
	forUpdate() string           // ends a SELECT whose rows the transaction goes on to change
	forUpdateSkipLocked() string // the same, skipping rows that another transaction has locked
	unavailable(err error) bool  // the database does not answer, or not now
	full(err error) bool         // it has no room left
	hasTable() string            // asks whether there is a table of a name
	refuseForeign(ctx context.Context, db *sql.DB) error
	exclusive() bool            // reports whether no other process can use the database
	noStatementTimeout() string // lifts the time limit of statements until the transaction ends; "" where there is none
	lockAccounts() string       // holds off new accounts and attempts to sign in until the transaction's end; "" where one transaction at a time writes
	integrity(ctx context.Context, db *sql.DB) error
}

// Open opens the database, holds its data directory against a second process and brings the schema up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Store{now: o.Now, room: room{o.Disk}, release: func() error { return nil }}
	var err error
	if o.DSN == "" {
		err = s.openSQLite(o.DataDir)
	} else {
		err = s.openPostgres(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close closes all connections and unlocks the data directory.
func (s *Store) Close() error {
	err := s.reader.Close()
	if s.writer != s.reader {
		err = errors.Join(err, s.writer.Close())
	}
	s.lock.close() // last: until here, what another server does could be undone
	return errors.Join(err, s.release())
}

// Ping returns an error unless the database answers and this server may use it.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.answering(); err != nil {
		return err
	}
	ctx, done := s.limit(ctx)
	defer done()
	return s.explain(s.reader.PingContext(ctx))
}

// Stats are the figures of the pool that reads, and on PostgreSQL writes too.
func (s *Store) Stats() sql.DBStats { return s.reader.Stats() }

// scanner is a row or the current one of rows.
type scanner interface{ Scan(dest ...any) error }

func scanString(r scanner) (s string, err error) { return s, r.Scan(&s) }

// noRow turns the driver's "no rows" into ErrNotFound.
func noRow(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// found turns the error of reading one row into whether there is one.
func found(err error) (bool, error) {
	if errors.Is(noRow(err), ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// changed turns "no row was changed" into ErrNotFound.
func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// placeholders returns n question marks, separated by commas.
func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// toArgs returns the strings as arguments of a statement.
func toArgs(list []string) []any {
	args := make([]any, len(list))
	for i, s := range list {
		args[i] = s
	}
	return args
}
