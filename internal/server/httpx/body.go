package httpx

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"muster"
	"muster/internal/core"
	"muster/internal/network"
)

// SmallBody is the largest body, in bytes, that is read from a client that has not signed in.
const SmallBody = 16 << 10

// A body must send its first byte within bodyGrace, and from then on bytesPerSecond on average besides the grace: a phone with a bad connection can
// upload a file, and 16 KiB must arrive within 14 s.
const (
	bodyGrace      = 10 * time.Second
	bytesPerSecond = 4 << 10
)

// body is a request's body that is limited in size and must make progress.
type body struct {
	io.ReadCloser
	setDeadline func(time.Time) error // of the connection; nil for none
	grace       time.Duration

	limit    int64 // bytes, -1 for none
	declared int64 // Content-Length, -1 if unknown; 0 unless LimitBody checks it
	received int64
	start    time.Time // of the first read
	deadline time.Time // as set last
	complete bool      // it was read to its end
}

func newBody(w http.ResponseWriter, b io.ReadCloser, grace time.Duration) *body {
	nb := &body{ReadCloser: b, setDeadline: http.NewResponseController(w).SetReadDeadline, grace: grace, limit: -1}
	nb.extend(time.Now().Add(grace)) // net/http may read what the handler does not
	return nb
}

// extend moves the deadline, unless by less than a second: each move is a system call.
func (b *body) extend(deadline time.Time) {
	if b.setDeadline == nil || deadline.Sub(b.deadline).Abs() < time.Second {
		return
	}
	b.deadline = deadline
	_ = b.setDeadline(deadline) // it fails only on a connection that has ended
}

// Read reads the next bytes. It returns io.EOF or an error of BodyError.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.read(p)
	return n, BodyError(err)
}

func (b *body) read(p []byte) (int, error) {
	if b.limit >= 0 && b.declared > b.limit {
		return 0, &http.MaxBytesError{Limit: b.limit}
	}
	if b.start.IsZero() {
		b.start = time.Now()
	}
	if b.limit >= 0 && int64(len(p)) > b.limit-b.received+1 {
		p = p[:b.limit-b.received+1]
	}
	b.extend(b.start.Add(b.grace + time.Duration(b.received)*time.Second/bytesPerSecond))
	n, err := b.ReadCloser.Read(p)
	b.received += int64(n)
	if b.limit >= 0 && b.received > b.limit {
		n -= int(b.received - b.limit)
		b.received = b.limit
		return n, &http.MaxBytesError{Limit: b.limit}
	}
	if errors.Is(err, io.EOF) {
		b.complete = true
		b.extend(time.Time{}) // what the connection reads next is not of this body
	}
	return n, err
}

// bodyOf returns the request's body as a body. It wraps one that NewServer did not.
func bodyOf(r *http.Request) *body {
	b, ok := r.Body.(*body)
	if !ok {
		b = &body{ReadCloser: r.Body, grace: bodyGrace, limit: -1}
		r.Body = b
	}
	return b
}

// LimitBody limits a request's body to a number of bytes. Nothing is read of a body that declares more.
func LimitBody(r *http.Request, limit int64) {
	b := bodyOf(r)
	b.limit, b.declared = limit, r.ContentLength
}

// LimitUpload limits the body of an upload to a number of bytes. It is read up to the limit even if it declares more: the fields before the file are needed.
func LimitUpload(r *http.Request, limit int64) { bodyOf(r).limit = limit }

// PartReader returns a reader of one part of a multipart form whose errors are those of BodyError: package multipart reports a form that ends within a
// file with a different error.
func PartReader(part io.Reader) io.Reader { return partReader{part} }

type partReader struct{ part io.Reader }

func (f partReader) Read(p []byte) (int, error) {
	n, err := f.part.Read(p)
	return n, BodyError(err)
}

// AbandonBody makes net/http close the connection after a request was refused, if much of its body was not read or the server should not wait for the
// rest: net/http would otherwise read that before it answers. Each large body costs a connection, so a network that keeps sending them is shed.
func (l *Limiter) AbandonBody(w http.ResponseWriter, r *http.Request, why *muster.Error) {
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return
	}
	b := bodyOf(r)
	large := r.ContentLength < 0 || r.ContentLength-b.received > SmallBody
	if large && !b.complete {
		l.shedder.refused(network.Of(l.clientIP(r)), time.Now())
	}
	if !b.complete && (large || why.Kind == muster.RateLimited || why.Kind == muster.TooLarge) {
		w.Header().Set("Connection", "close")
	}
}

// ReadBody reads a whole body. It reads only so many large bodies of one network at a time. Kinds: TooLarge, RateLimited, Invalid.
func (l *Limiter) ReadBody(r *http.Request, who *core.Caller) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, SmallBody))
	if err != nil || len(text) < SmallBody {
		return text, err
	}
	if err := l.acquire(&l.bodies, who.Network(), limitBodies, maxLargeBodies); err != nil {
		return nil, err
	}
	defer l.bodies.release(who.Network())
	rest, err := io.ReadAll(r.Body)
	return append(text, rest...), err
}

// BodyError returns the protocol's error for a body that can't be read, which is always the client's fault. It returns nil and io.EOF as they are.
// Kinds: TooLarge, Invalid.
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
