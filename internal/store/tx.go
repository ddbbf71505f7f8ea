package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"muster"
)

// Tx is one transaction, with one time for all that it writes. Its methods are small verbs that use cases compose; they note what was touched, and the
// store tells its listeners on commit (Changes). A Tx is of use only within the function that Write calls.
//
// Transactions lock rows in one order, so that none waits for another in a circle: accounts by id, a bot's owner, teams, channels, memberships, groups,
// then counters by kind.
type Tx struct {
	raw                *sql.Tx
	s                  *Store
	now                int64 // Unix ms
	noStatementTimeout bool
	changes            Changes
	locked             map[string]*muster.User // accounts as UserForUpdate read them
	guests             map[string]bool         // whether an account that LockUsers locked is a guest
}

// Now returns the transaction's time in Unix milliseconds.
func (t *Tx) Now() int64 { return t.now }

// Publish has an event delivered once the transaction has committed, after the caches forgot what it touched.
func (t *Tx) Publish(e muster.Event) { t.changes.Events = append(t.changes.Events, e) }

const writeTries = 10

// Write runs fn in one transaction and commits; on any error, and on a panic, nothing is changed. When the transaction loses a race fn runs again, so it
// must set anew whatever it hands out: a name that another transaction took meanwhile is then seen by the look-up that every write of a unique name
// makes. Within fn everything is read through tx; another connection could wait for this one forever. After the commit the store tells its listeners what
// was touched, before Write returns.
func (s *Store) Write(ctx context.Context, fn func(tx *Tx) error) error {
	released := false
	for try := 1; ; try++ {
		err := s.writeOnce(ctx, fn)
		switch {
		case err == nil:
			return nil
		case s.dialect.full(err) && !released && s.room.release():
			released = true // the disk's reserve makes room for this one
		case try == writeTries || !s.dialect.mayRetry(err) && !s.dialect.isUnique(err):
			return s.explain(err)
		}
		time.Sleep(time.Duration(try) * time.Millisecond)
	}
}

func (s *Store) writeOnce(ctx context.Context, fn func(tx *Tx) error) (err error) {
	if err := s.answering(); err != nil {
		return err
	}
	ctx, watch := s.watch(ctx)
	defer watch.end()
	raw, err := s.writer.BeginTx(ctx, nil)
	watch.stop()
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit this does nothing. A panic of fn passes through here too, and must not keep SQLite's only writer.
	defer func() { err = errors.Join(err, rollback(raw)) }()
	t := &Tx{raw: raw, s: s, now: s.now().UnixMilli()}
	if err := fn(t); err != nil {
		return err
	}
	watch.start()
	if err := raw.Commit(); err != nil {
		// It may have been committed: a lost connection does not say. So caches forget, and sessions are looked at again, but nothing that may not be
		// so is told or put in force.
		unsure := Changes{Accounts: t.changes.Accounts, AllAccounts: t.changes.AllAccounts, Roles: t.changes.Roles, Terms: t.changes.Terms}
		s.listeners.invalidated(unsure)
		s.listeners.delivered(unsure)
		return fmt.Errorf("commit: %w", err)
	}
	s.listeners.invalidated(t.changes)
	s.listeners.delivered(t.changes)
	return nil
}

func rollback(t *sql.Tx) error {
	if err := t.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// exec runs a statement and returns how many rows it changed.
func (t *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx, done := t.limit(ctx)
	defer done()
	r, err := t.raw.ExecContext(ctx, t.s.dialect.rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *Tx) query(ctx context.Context, query string, args ...any) (*rows, error) {
	ctx, done := t.limit(ctx)
	raw, err := t.raw.QueryContext(ctx, t.s.dialect.rebind(query), args...)
	return t.s.newRows(raw, err, done)
}

func (t *Tx) queryRow(ctx context.Context, query string, args ...any) *row {
	ctx, done := t.limit(ctx)
	return &row{raw: t.raw.QueryRowContext(ctx, t.s.dialect.rebind(query), args...), s: t.s, done: done}
}

func (t *Tx) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.noStatementTimeout {
		return ctx, func() {}
	}
	return t.s.limit(ctx)
}

// liftStatementTimeout lifts the time limit of the transaction's statements: rare work on many rows takes as long as it needs.
func (t *Tx) liftStatementTimeout(ctx context.Context) error {
	t.noStatementTimeout = true
	if statement := t.s.dialect.noStatementTimeout(); statement != "" {
		_, err := t.exec(ctx, statement)
		return err
	}
	return nil
}
