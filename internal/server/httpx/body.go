package httpx

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"muster"
	"muster/internal/app"
	"muster/internal/network"
)

// SmallBody is how much of a body is read before it is known who sends it, in bytes.
const SmallBody = 16 << 10

// A body may take bodyGrace for its first byte, and from then on as much time as its bytes take at bytesPerSecond, besides the grace: a telephone at the
// edge of its network can upload a file, and 16 KiB come within 14 s.
const (
	bodyGrace      = 10 * time.Second
	bytesPerSecond = 4 << 10
)

// body is a request's body that must come with progress and in bounds.
type body struct {
	io.ReadCloser
	deadline func(time.Time) error // sets the connection's; nil for none
	grace    time.Duration

	limit     int64 // bytes, -1 for none
	announced int64 // bytes, -1 where the request does not say
	came      int64
	began     time.Time // the reading
	due       time.Time // the deadline that was set last
	ended     bool      // it was read to its end
}

func newBody(w http.ResponseWriter, b io.ReadCloser, grace time.Duration) *body {
	nb := &body{ReadCloser: b, deadline: http.NewResponseController(w).SetReadDeadline, grace: grace, limit: -1}
	nb.extend(time.Now().Add(grace)) // net/http may read what the handler does not
	return nb
}

// extend moves the deadline, unless that would gain next to nothing.
func (b *body) extend(due time.Time) {
	if b.deadline == nil || due.Sub(b.due).Abs() < time.Second {
		return
	}
	b.due = due
	_ = b.deadline(due) // a connection that has none has ended
}

// Read reads the next bytes. Any error but io.EOF is BodyError's.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.read(p)
	return n, BodyError(err)
}

func (b *body) read(p []byte) (int, error) {
	if b.limit >= 0 && b.announced > b.limit {
		return 0, &http.MaxBytesError{Limit: b.limit}
	}
	if b.began.IsZero() {
		b.began = time.Now()
	}
	if b.limit >= 0 && int64(len(p)) > b.limit-b.came+1 {
		p = p[:b.limit-b.came+1]
	}
	b.extend(b.began.Add(b.grace + time.Duration(b.came)*time.Second/bytesPerSecond))
	n, err := b.ReadCloser.Read(p)
	b.came += int64(n)
	if b.limit >= 0 && b.came > b.limit {
		n -= int(b.came - b.limit)
		b.came = b.limit
		return n, &http.MaxBytesError{Limit: b.limit}
	}
	if errors.Is(err, io.EOF) {
		b.ended = true
		b.extend(time.Time{}) // what the connection reads next is not of this body
	}
	return n, err
}

// bodyOf returns the request's body as a body, which it is from a Server.
func bodyOf(r *http.Request) *body {
	b, ok := r.Body.(*body)
	if !ok {
		b = &body{ReadCloser: r.Body, grace: bodyGrace, limit: -1}
		r.Body = b
	}
	return b
}

// LimitBody bounds a request's body, in bytes. Nothing is read of one that announces more.
func LimitBody(r *http.Request, limit int64) {
	b := bodyOf(r)
	b.limit, b.announced = limit, r.ContentLength
}

// LimitUpload bounds the body of an upload, in bytes. It is read up to the limit even if it announces more: what comes before the file is of use.
func LimitUpload(r *http.Request, limit int64) { bodyOf(r).limit = limit }

// PartReader is a file of a multipart form, whose errors are BodyError's as the body's are: a form that ends within the file is one that broke off.
func PartReader(part io.Reader) io.Reader { return partReader{part} }

type partReader struct{ part io.Reader }

func (f partReader) Read(p []byte) (int, error) {
	n, err := f.part.Read(p)
	return n, BodyError(err)
}

// AbandonBody has the connection closed after the answer to a refused request, where much of its body was not read or nobody shall wait for it: net/http
// would read the rest, before the answer. A network that keeps sending large ones runs into the limits of what is open, as it were: each costs a connection.
func (l *Limiter) AbandonBody(w http.ResponseWriter, r *http.Request, why *muster.Error) {
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return
	}
	b := bodyOf(r)
	large := r.ContentLength < 0 || r.ContentLength-b.came > SmallBody
	if large && !b.ended {
		l.shedder.refused(network.Of(l.clientIP(r)), time.Now())
	}
	if !b.ended && (large || why.Kind == muster.RateLimited || why.Kind == muster.TooLarge) {
		w.Header().Set("Connection", "close")
	}
}

// ReadBody reads a body whole. A network may have a few large ones read at a time. Kinds: TooLarge, RateLimited, Invalid.
func (l *Limiter) ReadBody(r *http.Request, who *app.Caller) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, SmallBody))
	if err != nil || len(text) < SmallBody {
		return text, err
	}
	if err := l.take(&l.bodies, who.Network(), limitBodies, largeBodies); err != nil {
		return nil, err
	}
	defer l.bodies.give(who.Network())
	rest, err := io.ReadAll(r.Body)
	return append(text, rest...), err
}

// BodyError is the protocol's error for a body that can't be read, always the client's fault; nil and io.EOF are none. Kinds: TooLarge, Invalid.
func BodyError(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // a reader's end is io.EOF itself (package io)
		return err
	}
	if e, known := errors.AsType[*muster.Error](err); known {
		return e
	}
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return muster.E(muster.TooLarge, "api.context.request_body_too_large.app_error", err)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return muster.E(muster.Invalid, "api.context.request_body_slow.app_error", err)
	}
	if _, broken := errors.AsType[net.Error](err); broken || errors.Is(err, io.ErrUnexpectedEOF) {
		return muster.E(muster.Invalid, connectionLost, err)
	}
	return muster.E(muster.Invalid, "api.payload.parse.error", err)
}
