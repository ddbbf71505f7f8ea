package ws

import (
	"sync"
	"time"
)

// conn is a client's connection: the session that it belongs to, the events that it was sent and those waiting to be sent. It outlives its socket for a
// while, so that a client whose network failed can resume it on another socket.
type conn struct {
	hub    *Hub
	id     string
	userID string

	mu         sync.Mutex
	socket     *socket   // nil while the client is disconnected
	detachedAt time.Time // when the socket was lost
	ended      bool      // for good
	queue      eventQueue

	token       string // of the session
	expiresAt   int64  // of the session, Unix ms; 0: never
	validatedAt time.Time
	revision    uint64 // counts changes that may have ended the session
	validated   uint64 // the revision for which the session was last found valid
}

// start starts a new connection with its first event. It holds everything back unless the session is known to be current.
func (c *conn) start(s *socket, in *session, hello *encodedEvent, current bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue.add(hello)
	c.attach(s, in, current)
}

// attach ties the connection to a socket and to the session that the socket was opened with. The caller holds c.mu.
func (c *conn) attach(s *socket, in *session, current bool) {
	c.socket = s
	c.token, c.expiresAt, c.validatedAt = in.token, in.expiresAt, time.Now()
	c.revision++ // a validation that is under way is of another session
	if current {
		c.validated = c.revision
	}
	s.conn.Store(c)
	c.startWriter()
}

// resume continues the connection on a new socket from an event's number. It returns the socket that the connection had until then, if any, and false if
// the event is no longer held.
func (c *conn) resume(s *socket, in *session, seq int64, current bool) (old *socket, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || !c.queue.rewind(seq) {
		return nil, false
	}
	old = c.socket
	c.attach(s, in, current)
	return old, true
}

// detach records that a socket ended. It returns false if the connection has another one by now, or has ended.
func (c *conn) detach(s *socket) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.socket != s {
		return false
	}
	c.socket, c.detachedAt = nil, time.Now()
	return true
}

// isDetached reports whether the connection has no socket but may still be resumed.
func (c *conn) isDetached() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.socket == nil && !c.ended
}

// end ends the connection for good: it accepts and sends nothing more. It returns the socket that the connection had, if any, and false if it had ended
// before.
func (c *conn) end() (s *socket, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, false
	}
	s = c.socket
	c.ended, c.socket, c.queue, c.token = true, nil, eventQueue{}, ""
	return s, true
}

// pushResult says what became of an event at one connection.
type pushResult uint8

const (
	pushQueued pushResult = iota
	pushSkipped
	pushOverflow
)

// push queues an event. A client that falls behind first misses events that are soon out of date anyway (websocket.json, delivery_order).
func (c *conn) push(m *encodedEvent) pushResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch unsent := c.queue.unsent(); {
	case c.ended:
		return pushSkipped
	case unsent >= sendQueueSize:
		return pushOverflow
	case m.droppable && unsent >= sendQueueSize/2:
		return pushSkipped
	}
	c.queue.add(m)
	c.startWriter()
	return pushQueued
}

// startWriter starts a goroutine that sends the waiting events, unless one is running. An idle connection has none. The caller holds c.mu.
func (c *conn) startWriter() {
	if s := c.socket; s != nil && !s.writing && c.validated == c.revision && c.queue.hasNext() {
		s.writing = true
		c.hub.spawn(s, s.write)
	}
}

// next returns the event that a socket's writer sends next. It returns false if there is none, which ends the writer.
func (c *conn) next(s *socket) (m *encodedEvent, seq int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.socket == s && c.validated == c.revision {
		m, seq, ok = c.queue.take()
	}
	s.writing = ok
	return m, seq, ok
}

// requireValidation holds all events back until the session was found valid again.
func (c *conn) requireValidation() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revision++
}

// changedSince reports whether the session may have ended since that revision.
func (c *conn) changedSince(revision uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.revision != revision
}

// toValidate returns the token to look up and the revision that the result will hold for.
func (c *conn) toValidate() (token string, revision uint64, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token, c.revision, c.ended
}

// setValidated records that the session was valid at a revision, and sends what was held back. It returns false if the revision is out of date.
func (c *conn) setValidated(revision uint64, expiresAt int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.revision != revision {
		return false
	}
	c.validated, c.expiresAt, c.validatedAt = revision, expiresAt, time.Now()
	c.startWriter()
	return true
}

// due reports what a sweep has to do about the connection: validate its session, or remove it because its client did not come back. now is the machine's
// time, serverNow the server's in Unix ms.
func (c *conn) due(now time.Time, serverNow int64, resumeWindow time.Duration) (validate, remove bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false, false
	}
	validate = c.validated != c.revision || c.expiresAt > 0 && c.expiresAt <= serverNow || now.Sub(c.validatedAt) >= revalidateAfter
	remove = c.socket == nil && now.Sub(c.detachedAt) >= resumeWindow
	return validate, remove
}
