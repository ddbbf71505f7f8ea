package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
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
	postgresConnectTime  = 5 * time.Second // unless the address names another
)

type postgresDialect struct{}

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	c, err := postgresConfig(o.DSN)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(max(16, 4*runtime.GOMAXPROCS(0)))
	db.SetMaxIdleConns(max(16, 4*runtime.GOMAXPROCS(0)))
	db.SetConnMaxLifetime(postgresConnLifetime)
	s.writer, s.reader, s.dialect = db, db, postgresDialect{}
	err = s.dialect.refuseForeign(ctx, db)
	if err == nil && !o.Shared {
		s.lock, err = takeServerLock(ctx, c, o.Log)
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

func postgresConfig(dsn string) (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the database address is not a valid postgres:// URL") // pgx's error would repeat the password
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = postgresConnectTime
	}
	c.RuntimeParams["application_name"] = "muster"
	c.RuntimeParams["statement_timeout"] = postgresTimeout
	return c, nil
}

// inspectPostgres opens a database for reading alone.
func inspectPostgres(dsn string) (*sql.DB, error) {
	c, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	c.RuntimeParams["default_transaction_read_only"] = "on"
	return stdlib.OpenDB(*c), nil
}

// refuseForeign refuses a server that is too old and a database that belongs to another program: an existing
// settings file of the reference server names that server's own.
func (postgresDialect) refuseForeign(ctx context.Context, db *sql.DB) error {
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

func (postgresDialect) name() goose.Dialect         { return goose.DialectPostgres }
func (postgresDialect) migrations() string          { return "postgres" }
func (postgresDialect) forUpdate() string           { return " FOR UPDATE" }
func (postgresDialect) forUpdateSkipLocked() string { return " FOR UPDATE SKIP LOCKED" }
func (postgresDialect) exclusive() bool             { return false }
func (postgresDialect) lockAccounts() string {
	return "LOCK TABLE system, users, login_throttles IN SHARE ROW EXCLUSIVE MODE"
}
func (postgresDialect) noStatementTimeout() string { return "SET LOCAL statement_timeout = 0" }

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

// unavailable: the server is not there, is starting or stopping, has no connection free, stands by for another one, ended the statement for its
// time, or lost more races than a transaction is run again for (SQLSTATE, appendix A of PostgreSQL's manual).
func (d postgresDialect) unavailable(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	switch code := postgresCode(err); code {
	case "":
		return noConnection(err)
	case "53000", "53200", "53300", "53400", "57014", "57P01", "57P02", "57P03", "57P05", "25006", "25P03", "25P04", "55P03", "40001", "40P01":
		return true
	default:
		return strings.HasPrefix(code, "08")
	}
}

// noConnection reports whether the driver had no connection that it could use.
func noConnection(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, lost := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return pgconn.SafeToRetry(err) || pgconn.Timeout(err)
}

func (postgresDialect) full(err error) bool { return postgresCode(err) == "53100" }

func (postgresDialect) hasTable() string { return "SELECT to_regclass($1) IS NOT NULL" }

// Unstorable reports whether err says that some text can't be in a database at all: PostgreSQL takes no NUL. SQLite finds nothing by such a text.
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
