package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	postgresOldest       = 150000 // server_version_num of 15
	postgresTimeout      = "15s"  // for one statement
	postgresConnLifetime = time.Hour
)

type postgresDialect struct{}

func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return errors.New("the database address is not a valid postgres:// URL") // pgx's error would repeat the password
	}
	c.RuntimeParams["application_name"] = "muster"
	c.RuntimeParams["statement_timeout"] = postgresTimeout
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(max(16, 4*runtime.GOMAXPROCS(0)))
	db.SetMaxIdleConns(max(16, 4*runtime.GOMAXPROCS(0)))
	db.SetConnMaxLifetime(postgresConnLifetime)
	s.writer, s.reader, s.dialect = db, db, postgresDialect{}
	if err := checkPostgres(ctx, db); err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

// checkPostgres refuses a server that is too old and a database that belongs to another program: an existing
// settings file of the reference server names that server's own.
func checkPostgres(ctx context.Context, db *sql.DB) error {
	var version int
	if err := db.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err)
	}
	if version < postgresOldest {
		return fmt.Errorf("PostgreSQL %d is too old: 15 or newer is needed", version/10000)
	}
	var ours, foreign bool
	err := db.QueryRowContext(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL, to_regclass('users') IS NOT NULL").Scan(&ours, &foreign)
	if err != nil {
		return fmt.Errorf("look at the database: %w", err)
	}
	if foreign && !ours {
		return errors.New("the database already holds another program's tables: give Muster one of its own")
	}
	return nil
}

func (postgresDialect) name() goose.Dialect { return goose.DialectPostgres }
func (postgresDialect) schemaWords() []string {
	return []string{"{text}", `TEXT COLLATE "C"`, "{bytes}", "BYTEA", "{clustered}", ""}
}
func (postgresDialect) forUpdate() string     { return " FOR UPDATE" }
func (postgresDialect) forUpdateFree() string { return " FOR UPDATE SKIP LOCKED" }
func (postgresDialect) alone() bool           { return false }
func (postgresDialect) lockAccounts() string {
	return "LOCK TABLE system, users IN SHARE ROW EXCLUSIVE MODE"
}
func (postgresDialect) unhurried() string { return "SET LOCAL statement_timeout = 0" }

// goose migrates under an advisory lock, so that nodes may start together.
func (postgresDialect) goose() ([]goose.ProviderOption, error) {
	l, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return []goose.ProviderOption{goose.WithSessionLocker(l)}, nil
}

// rebind numbers the placeholders: $1, $2 ... No statement of ours has a question mark elsewhere.
func (postgresDialect) rebind(query string) string {
	var b strings.Builder
	b.Grow(len(query) + 16)
	n := 0
	for {
		before, after, more := strings.Cut(query, "?")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

func (postgresDialect) isUnique(err error) bool { return postgresCode(err) == "23505" }

func (postgresDialect) mayRetry(err error) bool {
	code := postgresCode(err)
	// Serialization failure, deadlock, and a reference to a row that was deleted meanwhile: the look-up before it finds that out the next time.
	return code == "40001" || code == "40P01" || code == "23503"
}

// Unstorable tells whether err says that some text can't be in a database at all: PostgreSQL takes no NUL. SQLite finds nothing by such a text.
func Unstorable(err error) bool { return postgresCode(err) == "22021" }

func postgresCode(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// integrity: PostgreSQL checks its pages itself; that it answers for every table is what can be asked cheaply.
func (postgresDialect) integrity(ctx context.Context, db *sql.DB) error {
	var n int
	return db.QueryRowContext(ctx, "SELECT count(*) FROM system").Scan(&n)
}
