package ws

import "slices"

// index finds connections by their IDs and by their accounts. Hub.mu guards it.
type index struct {
	conns     map[string]*conn
	users     map[string]*userConns
	resumable int    // connections without a socket
	attached  int    // connections with a socket
	revision  uint64 // counts how often an account was added or removed
}

// userConns are the connections of one account, at least one.
type userConns struct {
	conns    []*conn // oldest first
	attached int     // those with a socket
}

func newIndex() index { return index{conns: map[string]*conn{}, users: map[string]*userConns{}} }

// add adds a connection and returns the connections of its account.
func (x *index) add(c *conn) *userConns {
	u := x.users[c.userID]
	if u == nil {
		u = &userConns{}
		x.users[c.userID] = u
		x.revision++
	}
	u.conns = append(u.conns, c)
	x.conns[c.id] = c
	return u
}

// remove removes a connection.
func (x *index) remove(c *conn) {
	u := x.users[c.userID]
	delete(x.conns, c.id)
	u.conns = slices.DeleteFunc(u.conns, func(other *conn) bool { return other == c })
	if len(u.conns) == 0 {
		delete(x.users, c.userID)
		x.revision++
	}
}

// connsOf appends the connections of accounts to conns, including those without a socket.
func (h *Hub) connsOf(userIDs []string, conns []*conn) []*conn {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, id := range userIDs {
		if u := h.index.users[id]; u != nil {
			conns = append(conns, u.conns...)
		}
	}
	return conns
}

// connectedUsers returns up to limit accounts that have a connection with a socket.
func (h *Hub) connectedUsers(limit int) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	ids := make([]string, 0, min(limit, len(h.index.users)))
	for id, u := range h.index.users {
		if len(ids) == limit {
			break
		}
		if u.attached > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}
