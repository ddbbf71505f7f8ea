package ws

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"muster/internal/network"
)

type statusCode = websocket.StatusCode

// How sockets are closed from here (RFC 6455, 7.4).
const (
	statusGoingAway       = websocket.StatusGoingAway
	statusBadPayload      = websocket.StatusInvalidFramePayloadData
	statusPolicyViolation = websocket.StatusPolicyViolation
	statusTryAgainLater   = websocket.StatusTryAgainLater
)

// frameMax is the largest frame that a client may send, in bytes (websocket.json, frames); a larger one closes the socket with 1009.
const frameMax = 8192

// socket is one open WebSocket. One goroutine reads it for as long as it lives.
type socket struct {
	hub     *Hub
	ws      *websocket.Conn
	raw     net.Conn
	resumes resumption           // until it has a connection
	conn    atomic.Pointer[conn] // nil until somebody signed in
	from    network.Network      // of the client

	anonymous bool // nobody has signed in on it; the reader's alone once it runs

	writing bool // a goroutine writes events; the connection's mutex guards it

	out sync.Mutex // one message at a time

	mu     sync.Mutex
	closed bool          // it takes no more frames
	bye    chan struct{} // while the client is told why, nil before; closed after
	unauth *time.Timer   // closes it when nobody signs in

	pingedAt time.Time // the sweep's alone
	limiter  *rate.Limiter
	refused  int // frames over the limit, lately
}

// buffers are for frames on their way in and messages on their way out: an idle socket has none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 8*frameMax {
		b.Reset()
		buffers.Put(b)
	}
}

// read takes frames until the socket ends; then it takes the socket out of the hub.
func (s *socket) read() {
	defer func() { s.hub.release(s.from, s.anonymous) }()
	defer s.leave()
	defer s.hub.rescue(s)
	for s.readFrame() {
	}
}

// readFrame takes one frame; false when the socket is to take no more.
func (s *socket) readFrame() bool {
	kind, r, err := s.ws.Reader(context.Background())
	if err != nil {
		return false
	}
	b := buffers.Get().(*bytes.Buffer)
	defer putBuffer(b)
	if _, err := b.ReadFrom(r); err != nil || s.isClosed() {
		return false
	}
	return s.handle(kind == websocket.MessageBinary, b.Bytes())
}

// leave takes the socket out of the hub. It waits for a closing that is under way: that is the client's to hear to its end.
func (s *socket) leave() {
	s.mu.Lock()
	s.closed = true
	bye := s.bye
	s.mu.Unlock()
	s.unarm()
	s.hub.detach(s)
	if bye != nil {
		<-bye
	}
	_ = s.ws.CloseNow() // it has ended, one way or another
}

// write sends what waits on the socket's connection, and ends when nothing does.
func (s *socket) write() {
	c := s.conn.Load()
	b := buffers.Get().(*bytes.Buffer)
	defer putBuffer(b)
	for {
		m, seq, ok := c.next(s)
		if !ok {
			return
		}
		b.Reset()
		b.Grow(len(m.head) + seqSpace)
		if !s.send(m.appendTo(b.AvailableBuffer(), seq)) {
			return
		}
		s.hub.sent.Add(1)
	}
}

const seqSpace = 24 // bytes for a number and a brace

// send writes one message; false when the socket failed, which ends it.
func (s *socket) send(text []byte) bool {
	s.out.Lock()
	defer s.out.Unlock()
	// A deadline on the connection itself costs nothing; a context with one costs a timer for each message.
	err := s.raw.SetWriteDeadline(time.Now().Add(s.hub.waits.Write))
	if err == nil {
		err = s.ws.Write(context.Background(), websocket.MessageText, text)
	}
	if err == nil {
		err = s.raw.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		s.cut()
	}
	return err == nil
}

// pingIfDue pings now and then, beside the sweep that asks: the client's answer takes a while.
func (s *socket) pingIfDue(now time.Time) {
	if now.Sub(s.pingedAt) < s.hub.waits.Ping {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.pingedAt = now
		s.hub.spawn(s, s.ping)
	}
}

// ping asks the client for a sign of life, and ends the socket when none comes.
func (s *socket) ping() {
	ctx, cancel := context.WithTimeout(s.hub.ctx, s.hub.waits.Pong-s.hub.waits.Ping)
	defer cancel()
	if err := s.ws.Ping(ctx); err != nil && s.hub.ctx.Err() == nil {
		s.cut()
	}
}

func (s *socket) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// close tells the client why and then ends the socket. It does not block: a client may take its time to answer.
func (s *socket) close(code statusCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed, s.bye = true, make(chan struct{})
	s.hub.spawn(s, func() {
		defer close(s.bye)
		_ = s.ws.Close(code, reason) // what fails there has ended already
	})
}

// longAgo is a deadline that ends whatever waits on a connection.
var longAgo = time.Unix(1, 0)

// cut ends the socket without a word. It does not block, as closing a TLS connection may: the reader fails at once and takes the socket out.
func (s *socket) cut() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.raw.SetDeadline(longAgo) // what fails there has ended already
}

// arm closes the socket after a while unless somebody signs in on it.
func (s *socket) arm(wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unauth = time.AfterFunc(wait, func() {
		if s.conn.Load() == nil {
			s.close(statusPolicyViolation, "nobody signed in")
		}
	})
}

func (s *socket) unarm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unauth != nil {
		s.unauth.Stop()
		s.unauth = nil
	}
}
