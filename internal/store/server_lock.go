package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// lockKey is the advisory lock that a server holds on its PostgreSQL database. Such locks belong to one database and one connection.
const lockKey = 0x6d7573746572 // "muster"

const (
	lockInterval = 2 * time.Second // between two looks at the connection that holds it
	lockRetry    = 200 * time.Millisecond
	lockTime     = 5 * time.Second // for one look
)

// lockPatience is how long a start waits for another server to be gone: PostgreSQL notices a dead machine after lockKeepalive.
var lockPatience = 30 * time.Second // changed by a test alone

// lockKeepalive has PostgreSQL end the lock's connection some 25 seconds after the other end fell silent, rather than after hours.
var lockKeepalive = map[string]string{"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}

var (
	errLockTaken = errors.New("another Muster server is using the database: stop that one first. One server per database is supported (docs/operations.md)")
	errLockLost  = errors.New("the connection that keeps other servers away from the database is lost")
)

// serverLock keeps a second server from a PostgreSQL database: what one server caches, the other would change unseen (docs/adr/0019). A nil one
// is a database that needs none.
type serverLock struct {
	config   *pgx.ConnConfig
	log      *slog.Logger
	have     atomic.Bool
	doubtful chan struct{} // somebody's statement failed
	taken    chan struct{} // closed once another server has the lock
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// takeServerLock waits for the lock for lockPatience.
func takeServerLock(ctx context.Context, config *pgx.ConnConfig, log *slog.Logger) (*serverLock, error) {
	config = config.Copy()
	config.RuntimeParams["application_name"] = "muster lock"
	for name, value := range lockKeepalive {
		config.RuntimeParams[name] = value
	}
	l := &serverLock{config: config, log: log, doubtful: make(chan struct{}, 1), taken: make(chan struct{})}
	conn, err := l.await(ctx)
	if err != nil {
		return nil, err
	}
	l.have.Store(true)
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	l.running.Go(func() { l.keep(ctx, conn) })
	return l, nil
}

func (l *serverLock) await(ctx context.Context) (*pgx.Conn, error) {
	for end, told := time.Now().Add(lockPatience), false; ; told = true {
		conn, err := l.try(ctx, 0)
		if err == nil || !errors.Is(err, errLockTaken) || time.Now().After(end) {
			return conn, err
		}
		if !told {
			l.log.Warn("another server is using the database; waiting for it to stop", "patience", lockPatience)
		}
		if !pause(ctx, lockRetry) {
			return nil, ctx.Err()
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// try takes the lock on a fresh connection; errLockTaken when another connection has it. One of this server's own that it lost, and that PostgreSQL
// still holds for alive, is ended: former is its process there, 0 for none.
func (l *serverLock) try(ctx context.Context, former uint32) (_ *pgx.Conn, err error) {
	ctx, done := context.WithTimeout(ctx, lockTime)
	defer done()
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err != nil {
		return nil, fmt.Errorf("reach PostgreSQL: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
		}
	}()
	if former != 0 {
		// The process may be another's by now: only one that holds this lock is meant.
		_, err = conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = $1
			AND (classid::bigint << 32) | objid::bigint = $2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, former, int64(lockKey))
		if err != nil {
			return nil, err
		}
	}
	var got bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(lockKey)).Scan(&got); err != nil {
		return nil, err
	}
	if !got {
		return nil, errLockTaken
	}
	return conn, nil
}

// keep looks at the connection until ctx ends. When it is lost, nothing is read or written until the lock is back; when another server took it
// meanwhile, that one has the database.
func (l *serverLock) keep(ctx context.Context, conn *pgx.Conn) {
	for {
		select {
		case <-ctx.Done():
			_ = conn.Close(context.WithoutCancel(ctx)) // which ends the lock, however it goes
			return
		case <-l.doubtful:
		case <-time.After(lockInterval):
		}
		if l.alive(ctx, conn) || ctx.Err() != nil {
			continue
		}
		l.have.Store(false)
		l.log.Error("lost the connection to PostgreSQL that keeps other servers away; nothing is served until it is back")
		former := conn.PgConn().PID()
		if conn = l.retake(ctx, former); conn == nil {
			return
		}
		l.have.Store(true)
		l.log.Info("PostgreSQL is back")
	}
}

func (l *serverLock) alive(ctx context.Context, conn *pgx.Conn) bool {
	ctx, done := context.WithTimeout(ctx, lockTime)
	defer done()
	return conn.Ping(ctx) == nil
}

// retake returns nil when ctx ended or another server has the lock.
func (l *serverLock) retake(ctx context.Context, former uint32) *pgx.Conn {
	for taken := 0; ctx.Err() == nil; pause(ctx, lockRetry) {
		conn, err := l.try(ctx, former)
		if err == nil {
			return conn
		}
		if !errors.Is(err, errLockTaken) {
			continue // PostgreSQL is still away
		}
		if taken++; taken == lockTakenTries { // by then, a former connection that was ended is gone
			l.log.Error("another server has taken the database over; this one stops")
			close(l.taken)
			return nil
		}
	}
	return nil
}

const lockTakenTries = 10

func (l *serverLock) held() bool { return l == nil || l.have.Load() }

// doubt has the connection looked at now.
func (l *serverLock) doubt() {
	if l == nil {
		return
	}
	select {
	case l.doubtful <- struct{}{}:
	default: // it is about to be looked at
	}
}

func (l *serverLock) close() {
	if l != nil {
		l.stop()
		l.running.Wait()
	}
}

// Lost is closed once another server has taken the database over: this one must stop. It is never closed for an embedded database.
func (s *Store) Lost() <-chan struct{} {
	if s.lock == nil {
		return nil
	}
	return s.lock.taken
}
