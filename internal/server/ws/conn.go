package ws

import (
	"sync"
	"time"
)

// conn is a client's place in the hub: what it was sent and has yet to be sent. It outlives its socket for a while, so that a client
// that lost it can go on where it stood.
type conn struct {
	hub    *Hub
	id     string
	userID string

	mu        sync.Mutex
	sock      *socket // nil while the client is away
	awaySince time.Time
	gone      bool // ended for good
	log       backlog

	token     string // the session's, to ask again whether it still stands
	expiresAt int64  // of the session, Unix ms; 0: never
	checkedAt time.Time
	changes   uint64 // how often something that the sign-in depends on changed
	settled   uint64 // of those, up to which the session was found to stand
}

// begin starts a new connection with its first event. It holds everything back unless the sign-in is current.
func (c *conn) begin(s *socket, in *signIn, hello *encodedEvent, current bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log.add(hello)
	c.adopt(s, in, current)
}

// adopt ties the connection to a socket and to the session that the socket was opened with. c.mu is held.
func (c *conn) adopt(s *socket, in *signIn, current bool) {
	c.sock = s
	c.token, c.expiresAt, c.checkedAt = in.token, in.expiresAt, time.Now()
	c.changes++ // an answer on its way is about another session
	if current {
		c.settled = c.changes
	}
	s.conn.Store(c)
	c.wake()
}

// resume goes on from an event's number on a new socket. It gives the socket that had the connection so far, and false when the number
// is not among the events held.
func (c *conn) resume(s *socket, in *signIn, seq int64, current bool) (old *socket, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || !c.log.rewind(seq) {
		return nil, false
	}
	old = c.sock
	c.adopt(s, in, current)
	return old, true
}

// lose notes that a socket ended; false when the connection did not hang on it any more.
func (c *conn) lose(s *socket) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sock != s {
		return false
	}
	c.sock, c.awaySince = nil, time.Now()
	return true
}

func (c *conn) isAway() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sock == nil && !c.gone
}

// end makes the connection take and send nothing more. It gives the socket that it had, and false when it had ended before.
func (c *conn) end() (s *socket, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return nil, false
	}
	s = c.sock
	c.gone, c.sock, c.log, c.token = true, nil, backlog{}, ""
	return s, true
}

// verdict is what became of an event at one connection.
type verdict uint8

const (
	taken verdict = iota
	skipped
	overfull
)

// push takes an event for sending. A client that falls behind misses first what is soon stale anyway (websocket.json, delivery_order).
func (c *conn) push(m *encodedEvent) verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch waiting := c.log.waiting(); {
	case c.gone:
		return skipped
	case waiting >= sendQueue:
		return overfull
	case m.droppable && waiting >= sendQueue/2:
		return skipped
	}
	c.log.add(m)
	c.wake()
	return taken
}

// wake sees to it that what waits is sent. A goroutine writes only while there is something to write: an idle connection has none.
// c.mu is held.
func (c *conn) wake() {
	if s := c.sock; s != nil && !s.writing && c.settled == c.changes && c.log.next < len(c.log.kept) {
		s.writing = true
		c.hub.spawn(s, s.write)
	}
}

// next gives the event that a socket's writer sends next; false ends that writer.
func (c *conn) next(s *socket) (m *encodedEvent, seq int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sock == s && c.settled == c.changes {
		m, seq, ok = c.log.take()
	}
	s.writing = ok
	return m, seq, ok
}

// doubt holds back everything until the session was found to stand.
func (c *conn) doubt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
}

// overtaken tells whether something changed since a question was asked.
func (c *conn) overtaken(changes uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes != changes
}

// signInToCheck gives the token to ask about, and the state of things that an answer is good for.
func (c *conn) signInToCheck() (token string, changes uint64, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token, c.changes, c.gone
}

// confirm notes that the session stands, and sends what was held back; false when the question was overtaken.
func (c *conn) confirm(changes uint64, expiresAt int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != changes {
		return false
	}
	c.settled, c.expiresAt, c.checkedAt = changes, expiresAt, time.Now()
	c.wake()
	return true
}

// due tells what a sweep has to do about the connection: ask whether its session stands, or forget it.
func (c *conn) due(now time.Time, serverNow int64, away time.Duration) (check, forget bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return false, false
	}
	check = c.settled != c.changes || c.expiresAt > 0 && c.expiresAt <= serverNow || now.Sub(c.checkedAt) >= recheckAfter
	forget = c.sock == nil && now.Sub(c.awaySince) >= away
	return check, forget
}
