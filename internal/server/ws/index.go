package ws

import (
	"slices"
	"time"

	"muster"
	"muster/internal/network"
)

// How many connections are kept for clients that lost them.
const (
	awayPerUser = 10
	awayInAll   = 10_000
)

var errBusy = muster.E(muster.Unavailable, "api.websocket_handler.server_busy.app_error")

// index finds connections by id and by account. Hub.mu guards it.
type index struct {
	conns  map[string]*conn
	people map[string]*person
	away   int    // connections without a socket
	joined int    // sockets with a connection
	change uint64 // counts every account that came or went
}

// person is an account with at least one connection.
type person struct {
	conns []*conn // oldest first
	live  int     // those with a socket
}

func newIndex() index { return index{conns: map[string]*conn{}, people: map[string]*person{}} }

func (x *index) person(userID string) *person {
	p := x.people[userID]
	if p == nil {
		p = &person{}
		x.people[userID] = p
		x.change++
	}
	return p
}

// reserve takes a place for a socket before it is opened. A quarter of all places is for sockets that nobody has signed in on yet.
// Kinds: Unavailable when there is none, RateLimited when the client's network has too many.
func (h *Hub) reserve(from network.Network, in *signIn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing || h.slots >= h.limits.Connections {
		return errBusy
	}
	if in == nil && h.slots-h.index.joined >= max(h.limits.Connections/4, 1) {
		return errBusy
	}
	if in != nil && !h.room(in.userID) {
		return errBusy
	}
	if err := h.limiter.OpenWebSocket(from, in == nil); err != nil {
		return err
	}
	h.slots++
	h.running.Add(1)
	return nil
}

// room tells whether an account may have one more connection. Hub.mu is held.
func (h *Hub) room(userID string) bool {
	p := h.index.people[userID]
	return p == nil || p.live < h.limits.PerUser
}

// hasRoom is room for who does not hold the lock.
func (h *Hub) hasRoom(userID string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.room(userID)
}

// release gives back what reserve took; anonymous is whether nobody has signed in since.
func (h *Hub) release(from network.Network, anonymous bool) {
	h.limiter.CloseWebSocket(from, anonymous)
	h.mu.Lock()
	h.slots--
	h.mu.Unlock()
	h.running.Done()
}

// enter makes a socket one of those that Close closes; false when that has begun.
func (h *Hub) enter(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.open[s] = struct{}{}
	return true
}

// attach gives a socket its connection: the one that it resumes, or a new one whose first event is hello.
// Kinds: Unavailable; errBadResume.
func (h *Hub) attach(s *socket, in *signIn) error {
	id := muster.NewID()
	hello, err := h.hello(in.userID, id)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing || !h.room(in.userID) {
		return errBusy
	}
	resumed, err := h.resume(s, in)
	if err != nil {
		return err
	}
	if !resumed {
		h.connect(s, in, id, hello)
	}
	h.index.joined++
	if s.anonymous {
		s.anonymous = false
		h.limiter.SignedInWebSocket(s.from)
	}
	s.resumes = resumption{}
	s.unarm()
	return nil
}

// connect makes a new connection. Hub.mu is held.
func (h *Hub) connect(s *socket, in *signIn, id string, hello *encodedEvent) {
	c := &conn{hub: h, id: id, userID: in.userID}
	p := h.index.person(in.userID)
	p.conns = append(p.conns, c)
	h.index.conns[id] = c
	h.came(p, c.userID)
	current := h.checks.current(in)
	c.begin(s, in, hello, current)
	if !current {
		h.checks.ask(c)
	}
}

// came counts one more live connection. Hub.mu is held.
func (h *Hub) came(p *person, userID string) {
	p.live++
	if p.live == 1 {
		h.presence.came(userID)
	}
}

// left counts one live connection less. Hub.mu is held.
func (h *Hub) left(p *person, userID string) {
	p.live--
	if p.live == 0 {
		h.presence.left(userID, time.Now().Add(h.waits.Presence))
	}
}

// detach takes a socket that ended out. Its connection is kept for a while, unless it was ended for good or there is no room.
func (h *Hub) detach(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, s)
	c := s.conn.Load()
	if c == nil {
		return
	}
	h.index.joined--
	if !c.lose(s) {
		return // ended, or another socket has it
	}
	p := h.index.people[c.userID]
	h.left(p, c.userID)
	h.index.away++
	if h.closing || h.index.away > awayInAll {
		h.remove(c)
		return
	}
	h.forgetOldest(p)
}

// forgetOldest keeps an account from piling up connections that it lost. Hub.mu is held.
func (h *Hub) forgetOldest(p *person) {
	if len(p.conns)-p.live <= awayPerUser {
		return
	}
	for _, c := range p.conns {
		if c.isAway() {
			h.remove(c)
			return
		}
	}
}

// remove ends a connection for good and gives the socket that it had, if any. Hub.mu is held.
func (h *Hub) remove(c *conn) *socket {
	s, ended := c.end()
	if !ended {
		return nil
	}
	p := h.index.people[c.userID]
	if s != nil {
		h.left(p, c.userID)
	} else {
		h.index.away--
	}
	delete(h.index.conns, c.id)
	p.conns = slices.DeleteFunc(p.conns, func(x *conn) bool { return x == c })
	if len(p.conns) == 0 {
		delete(h.index.people, c.userID)
		h.index.change++
	}
	return s
}

// drop ends a connection for good: nothing more is sent on it from now on. It gives the socket that it had, if any, for closing.
func (h *Hub) drop(c *conn) *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.remove(c)
}

// dismiss ends a connection for good and tells its client why.
func (h *Hub) dismiss(c *conn, code statusCode, reason string) {
	if s := h.drop(c); s != nil {
		s.close(code, reason)
	}
}

// connsOf gives the connections of accounts, those without a socket too.
func (h *Hub) connsOf(userIDs []string, into []*conn) []*conn {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, id := range userIDs {
		if p := h.index.people[id]; p != nil {
			into = append(into, p.conns...)
		}
	}
	return into
}

// here gives up to limit accounts that have a live connection.
func (h *Hub) here(limit int) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	ids := make([]string, 0, min(limit, len(h.index.people)))
	for id, p := range h.index.people {
		if len(ids) == limit {
			break
		}
		if p.live > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}
