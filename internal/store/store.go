// Package store holds all SQL: one concrete type over database/sql that speaks to SQLite and PostgreSQL.
// Exported methods own their transaction. A missing row is ErrNotFound; a clash of unique names and the last
// administrator's protection are *muster.Error with the protocol's id.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"

	"muster"
)

// ErrNotFound says that no row has the asked-for name.
var ErrNotFound = errors.New("no such row")

//go:embed migrations
var migrations embed.FS

// Options name the database. DSN "" is SQLite at DataDir/muster.db.
type Options struct {
	DSN     string
	DataDir string
	Now     func() time.Time // time.Now if nil
}

// Store is the database. It is safe for concurrent use.
type Store struct {
	writer  *sql.DB // the same pool as reader on PostgreSQL; one connection on SQLite
	reader  *sql.DB
	dialect dialect
	now     func() time.Time
	release func() error // of the data directory
}

// dialect is what differs between the databases. Everything else is SQL that both share.
type dialect interface {
	name() goose.Dialect
	schemaWords() []string // the migrations' {words} and what they are here
	goose() ([]goose.ProviderOption, error)
	rebind(query string) string
	isUnique(err error) bool // a unique constraint refused the row
	mayRetry(err error) bool // the transaction lost a race and may be run again
	forUpdate() string       // ends a SELECT whose rows the transaction goes on to change
	forUpdateFree() string   // the same, passing over rows that another transaction has
	alone() bool             // no other process uses the database
	unhurried() string       // lets the transaction's statements take as long as they need; "" for nothing to say
	lockAccounts() string    // holds off new accounts until the transaction's end; "" where one transaction at a time writes
	integrity(ctx context.Context, db *sql.DB) error
}

// Open opens the database, holds its data directory against a second process and brings the schema up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{now: o.Now, release: func() error { return nil }}
	var err error
	if o.DSN == "" {
		err = s.openSQLite(o.DataDir)
	} else {
		err = s.openPostgres(ctx, o.DSN)
	}
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("bring the database's schema up to date: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) migrate(ctx context.Context) error {
	dir, err := s.migrations()
	if err != nil {
		return err
	}
	opts, err := s.dialect.goose()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(s.dialect.name(), s.writer, dir, opts...)
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil || !pending {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// migrations gives the embedded files in the dialect's words.
func (s *Store) migrations() (fs.FS, error) {
	words := strings.NewReplacer(s.dialect.schemaWords()...)
	dir := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	for _, name := range names {
		var text []byte
		if text, err = migrations.ReadFile(name); err != nil {
			break
		}
		dir[path.Base(name)] = &fstest.MapFile{Data: []byte(words.Replace(string(text)))}
	}
	return dir, err
}

// Close ends all connections and gives the data directory free.
func (s *Store) Close() error {
	err := s.reader.Close()
	if s.writer != s.reader {
		err = errors.Join(err, s.writer.Close())
	}
	return errors.Join(err, s.release())
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.reader.PingContext(ctx) }

// Stats are the figures of the pool that reads, and on PostgreSQL writes too.
func (s *Store) Stats() sql.DBStats { return s.reader.Stats() }

// CheckIntegrity asks the database whether what it holds is sound.
func (s *Store) CheckIntegrity(ctx context.Context) error { return s.dialect.integrity(ctx, s.reader) }

// tx is one transaction, with one time for all that it writes.
type tx struct {
	*sql.Tx
	s   *Store
	now int64 // Unix ms
}

const writeTries = 10

// write runs fn in one transaction and commits; on any error nothing is changed. A race lost is run again: a name
// that another transaction took meanwhile is then seen by the look-up that every write of a unique name makes.
func (s *Store) write(ctx context.Context, fn func(t *tx) error) error {
	for try := 1; ; try++ {
		err := s.writeOnce(ctx, fn)
		if err == nil || try == writeTries || !s.dialect.mayRetry(err) && !s.dialect.isUnique(err) {
			return err
		}
		time.Sleep(time.Duration(try) * time.Millisecond)
	}
}

func (s *Store) writeOnce(ctx context.Context, fn func(t *tx) error) error {
	raw, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(&tx{Tx: raw, s: s, now: s.now().UnixMilli()}); err != nil {
		return errors.Join(err, rollback(raw))
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func rollback(t *sql.Tx) error {
	if err := t.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// exec runs a statement and gives how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := t.ExecContext(ctx, t.s.dialect.rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *tx) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.QueryContext(ctx, t.s.dialect.rebind(query), args...)
}

func (t *tx) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return t.QueryRowContext(ctx, t.s.dialect.rebind(query), args...)
}

func (s *Store) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.reader.QueryContext(ctx, s.dialect.rebind(query), args...)
}

func (s *Store) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return s.reader.QueryRowContext(ctx, s.dialect.rebind(query), args...)
}

// rowQuery asks for one row, in a transaction or outside.
type rowQuery func(ctx context.Context, query string, args ...any) *sql.Row

// scanner is a row or the current one of rows.
type scanner interface{ Scan(dest ...any) error }

// collect reads all rows with scan.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells of what went wrong
	list := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

func scanString(r scanner) (s string, err error) { return s, r.Scan(&s) }

// noRow turns the driver's "no rows" into ErrNotFound.
func noRow(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// changed turns "no row was changed" into ErrNotFound.
func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// marks gives n placeholders, separated by commas.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// anys turns strings into arguments.
func anys(list []string) []any {
	args := make([]any, len(list))
	for i, s := range list {
		args[i] = s
	}
	return args
}

// saveAudits writes history rows in the transaction of what they tell of.
func (t *tx) saveAudits(ctx context.Context, audits []*muster.Audit) error {
	for _, a := range audits {
		_, err := t.exec(ctx, `INSERT INTO audits (id, create_at, user_id, action, extra_info, ip_address, session_id) VALUES (?,?,?,?,?,?,?)`,
			a.ID, a.CreateAt, a.UserID, a.Action, a.ExtraInfo, a.IPAddress, a.SessionID)
		if err != nil {
			return fmt.Errorf("save audit: %w", err)
		}
	}
	return nil
}
