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

// The status codes with which the server closes sockets (RFC 6455, section 7.4).
const (
	statusGoingAway       = websocket.StatusGoingAway
	statusBadPayload      = websocket.StatusInvalidFramePayloadData
	statusPolicyViolation = websocket.StatusPolicyViolation
	statusTryAgainLater   = websocket.StatusTryAgainLater
)

// maxFrame is the size of the largest frame that a client may send, in bytes (websocket.json, frames). A larger one closes the socket with 1009.
const maxFrame = 8192

// socket is an open WebSocket. One goroutine reads it until it ends.
type socket struct {
	hub        *Hub
	ws         *websocket.Conn
	netConn    net.Conn             // below ws
	network    network.Network      // of the client
	resumption resumption           // what the client asked for, until the socket has a connection
	conn       atomic.Pointer[conn] // nil until the client signed in

	anonymous bool // nobody has signed in yet; only the reader uses it once it runs
	writing   bool // a goroutine sends events; guarded by the connection's mutex

	writeMu sync.Mutex // held for one message

	mu        sync.Mutex
	closed    bool          // no more frames are read
	closing   chan struct{} // nil until close is called, closed when the closing handshake is done
	authTimer *time.Timer   // closes the socket if nobody signs in

	pingedAt time.Time // only the sweep uses it
	limiter  *rate.Limiter
	refused  int // frames over the limit since it was last kept
}

// buffers are used for frames that are read and messages that are written, so that an idle socket needs none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 8*maxFrame {
		b.Reset()
		buffers.Put(b)
	}
}

// read handles frames until the socket ends, and then removes the socket from the hub.
func (s *socket) read() {
	defer func() { s.hub.release(s.network, s.anonymous) }()
	defer s.finish()
	defer s.hub.recoverPanic(s)
	for s.readFrame() {
	}
}

// readFrame handles one frame. It returns false if the socket should read no more.
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

// finish removes the socket from the hub. It waits for a closing handshake that is under way.
func (s *socket) finish() {
	s.mu.Lock()
	s.closed = true
	closing := s.closing
	s.mu.Unlock()
	s.stopAuthTimer()
	s.hub.detach(s)
	if closing != nil {
		<-closing
	}
	_ = s.ws.CloseNow() // it may be closed already
}

// write sends the events that wait on the socket's connection, and returns when there are none.
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
		b.Grow(len(m.prefix) + seqSpace)
		if !s.send(m.appendTo(b.AvailableBuffer(), seq)) {
			return
		}
		s.hub.sent.Add(1)
	}
}

const seqSpace = 24 // bytes for a number and a brace

// send writes one message. It returns false if that failed, which ends the socket.
func (s *socket) send(text []byte) bool {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	// A deadline on the connection itself is cheap; a context with a deadline takes a timer for each message.
	err := s.netConn.SetWriteDeadline(time.Now().Add(s.hub.timing.WriteTimeout))
	if err == nil {
		err = s.ws.Write(context.Background(), websocket.MessageText, text)
	}
	if err == nil {
		err = s.netConn.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		s.abort()
	}
	return err == nil
}

// pingIfDue sends a ping if the last one was PingInterval ago. It does not wait for the answer, because the sweep calls it.
func (s *socket) pingIfDue(now time.Time) {
	if now.Sub(s.pingedAt) < s.hub.timing.PingInterval {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.pingedAt = now
		s.hub.spawn(s, s.ping)
	}
}

// ping sends a ping, and ends the socket if no pong comes.
func (s *socket) ping() {
	ctx, cancel := context.WithTimeout(s.hub.ctx, s.hub.timing.PongTimeout-s.hub.timing.PingInterval)
	defer cancel()
	if err := s.ws.Ping(ctx); err != nil && s.hub.ctx.Err() == nil {
		s.abort()
	}
}

func (s *socket) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// close tells the client why and then ends the socket. It does not block, although the client may take a while to answer.
func (s *socket) close(code statusCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed, s.closing = true, make(chan struct{})
	s.hub.spawn(s, func() {
		defer close(s.closing)
		_ = s.ws.Close(code, reason) // it fails only if the socket has ended
	})
}

// pastDeadline makes every read and write on a connection fail at once.
var pastDeadline = time.Unix(1, 0)

// abort ends the socket without a closing handshake. It sets a deadline rather than close the connection, because closing a TLS connection may block: the
// reader fails at once and removes the socket.
func (s *socket) abort() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.netConn.SetDeadline(pastDeadline) // it fails only if the connection has ended
}

// startAuthTimer closes the socket after a while unless somebody signs in on it.
func (s *socket) startAuthTimer(wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.authTimer = time.AfterFunc(wait, func() {
		if s.conn.Load() == nil {
			s.close(statusPolicyViolation, "nobody signed in")
		}
	})
}

func (s *socket) stopAuthTimer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.authTimer != nil {
		s.authTimer.Stop()
		s.authTimer = nil
	}
}
