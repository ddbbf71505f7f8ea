package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// rows is *sql.Rows whose errors say what they mean to a client (explain), with the time limit that it is read under.
type rows struct {
	*sql.Rows
	s    *Store
	done context.CancelFunc
}

func (r *rows) Close() error {
	defer r.done()
	return r.Rows.Close()
}

// row is *sql.Row in the same way. Its one Scan ends it.
type row struct {
	raw  *sql.Row
	err  error // instead of a row
	s    *Store
	done context.CancelFunc
}

func (r *row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.done()
	return r.s.explain(r.raw.Scan(dest...))
}

func (s *Store) query(ctx context.Context, query string, args ...any) (*rows, error) {
	if err := s.answering(); err != nil {
		return nil, err
	}
	ctx, done := s.limit(ctx)
	raw, err := s.reader.QueryContext(ctx, s.dialect.rebind(query), args...)
	return s.newRows(raw, err, done)
}

func (s *Store) newRows(raw *sql.Rows, err error, done context.CancelFunc) (*rows, error) {
	if err != nil {
		done()
		return nil, s.explain(err)
	}
	return &rows{raw, s, done}, nil
}

func (s *Store) queryRow(ctx context.Context, query string, args ...any) *row {
	if err := s.answering(); err != nil {
		return &row{err: err}
	}
	ctx, done := s.limit(ctx)
	return &row{raw: s.reader.QueryRowContext(ctx, s.dialect.rebind(query), args...), s: s, done: done}
}

// rowQuery asks for one row, in a transaction or outside.
type rowQuery func(ctx context.Context, query string, args ...any) *row

// collect reads all rows with scan.
func collect[T any](rows *rows, err error, scan func(scanner) (T, error)) ([]T, error) {
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
	return list, rows.s.explain(rows.Err())
}

// errNoAnswer ends what waits for a database that takes connections and answers nothing.
var errNoAnswer = errors.New("the database did not answer in time")

// limit bounds one statement where the database is another process, which may hang or sit behind a dead line; its own limit for statements
// (postgresTimeout) ends first while it works.
func (s *Store) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.dialect.exclusive() {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, answerTime, errNoAnswer)
}

// watch bounds the beginning and the commit of a transaction in the same way: their context is the whole transaction's, so a deadline won't do.
func (s *Store) watch(ctx context.Context) (context.Context, watch) {
	if s.dialect.exclusive() {
		return ctx, watch{}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, watch{time.AfterFunc(answerTime, func() { cancel(errNoAnswer) }), cancel}
}

type watch struct {
	timer  *time.Timer // nil: nothing is watched
	cancel context.CancelCauseFunc
}

func (w watch) start() {
	if w.timer != nil {
		w.timer.Reset(answerTime)
	}
}

func (w watch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w watch) end() {
	if w.timer != nil {
		w.timer.Stop()
		w.cancel(nil)
	}
}
