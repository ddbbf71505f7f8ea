package ws

import (
	"time"

	"muster"
	"muster/internal/network"
)

// How many connections without a socket are kept.
const (
	maxResumablePerUser = 10
	maxResumable        = 10_000
)

var errBusy = muster.E(muster.Unavailable, "api.websocket_handler.server_busy.app_error")

// reserve reserves a slot for a socket before it is opened. Sockets on which nobody has signed in may take a quarter of all slots.
// Kinds: Unavailable if no slot is free, RateLimited if the client's network has too many sockets.
func (h *Hub) reserve(from network.Network, in *session) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing || h.slots >= h.limits.Connections {
		return errBusy
	}
	if in == nil && h.slots-h.index.attached >= max(h.limits.Connections/4, 1) {
		return errBusy
	}
	if in != nil && !h.userMayConnectLocked(in.userID) {
		return errBusy
	}
	if err := h.limiter.OpenWebSocket(from, in == nil); err != nil {
		return err
	}
	h.slots++
	h.running.Add(1)
	return nil
}

// release frees the slot that reserve took. anonymous says whether nobody has signed in on the socket since.
func (h *Hub) release(from network.Network, anonymous bool) {
	h.limiter.CloseWebSocket(from, anonymous)
	h.mu.Lock()
	h.slots--
	h.mu.Unlock()
	h.running.Done()
}

// userMayConnect reports whether an account may have one more connection.
func (h *Hub) userMayConnect(userID string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.userMayConnectLocked(userID)
}

func (h *Hub) userMayConnectLocked(userID string) bool {
	u := h.index.users[userID]
	return u == nil || u.attached < h.limits.PerUser
}

// register adds a socket to those that Close closes. It returns false if the hub is closing.
func (h *Hub) register(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.sockets[s] = struct{}{}
	return true
}

// attach assigns a socket its connection: the one that it resumes, or a new one whose first event is hello.
// Errors: errBadResume, and kind Unavailable.
func (h *Hub) attach(s *socket, in *session) error {
	id := muster.NewID()
	hello, err := h.hello(in.userID, id)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing || !h.userMayConnectLocked(in.userID) {
		return errBusy
	}
	resumed, err := h.resume(s, in)
	if err != nil {
		return err
	}
	if !resumed {
		h.connect(s, in, id, hello)
	}
	h.index.attached++
	if s.anonymous {
		s.anonymous = false
		h.limiter.WebSocketSignedIn(s.network)
	}
	s.resumption = resumption{}
	s.stopAuthTimer()
	return nil
}

// connect makes a new connection. The caller holds h.mu.
func (h *Hub) connect(s *socket, in *session, id string, hello *encodedEvent) {
	c := &conn{hub: h, id: id, userID: in.userID}
	h.connected(h.index.add(c), c.userID)
	current := h.validation.isCurrent(in)
	c.start(s, in, hello, current)
	if !current {
		h.validation.request(c)
	}
}

// connected counts one more connection with a socket. The caller holds h.mu.
func (h *Hub) connected(u *userConns, userID string) {
	u.attached++
	if u.attached == 1 {
		h.presence.connected(userID)
	}
}

// disconnected counts one connection with a socket less. The caller holds h.mu.
func (h *Hub) disconnected(u *userConns, userID string) {
	u.attached--
	if u.attached == 0 {
		h.presence.disconnected(userID, time.Now().Add(h.timing.OfflineDelay))
	}
}

// detach removes a socket that ended. Its connection is kept for a while, unless it has ended or too many are kept.
func (h *Hub) detach(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, s)
	c := s.conn.Load()
	if c == nil {
		return
	}
	h.index.attached--
	if !c.detach(s) {
		return // it ended, or continues on another socket
	}
	u := h.index.users[c.userID]
	h.disconnected(u, c.userID)
	h.index.resumable++
	if h.closing || h.index.resumable > maxResumable {
		h.remove(c)
		return
	}
	h.removeExcess(u)
}

// removeExcess removes the oldest connection without a socket of an account that has too many. The caller holds h.mu.
func (h *Hub) removeExcess(u *userConns) {
	if len(u.conns)-u.attached <= maxResumablePerUser {
		return
	}
	for _, c := range u.conns {
		if c.isDetached() {
			h.remove(c)
			return
		}
	}
}

// remove ends a connection for good and returns the socket that it had, if any. The caller holds h.mu.
func (h *Hub) remove(c *conn) *socket {
	s, ended := c.end()
	if !ended {
		return nil
	}
	if s != nil {
		h.disconnected(h.index.users[c.userID], c.userID)
	} else {
		h.index.resumable--
	}
	h.index.remove(c)
	return s
}

// drop ends a connection for good: nothing more is sent on it. It returns the socket that the connection had, if any, which the caller has to close.
func (h *Hub) drop(c *conn) *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.remove(c)
}

// closeConn ends a connection for good and tells its client why.
func (h *Hub) closeConn(c *conn, code statusCode, reason string) {
	if s := h.drop(c); s != nil {
		s.close(code, reason)
	}
}
