package ws

import (
	"errors"
	"net/url"
	"strconv"

	"muster"
)

var errBadResume = errors.New("connection_id or sequence_number is not valid")

// takenOver is the close reason of a socket whose client resumed its connection on another one before the server noticed that the first was lost.
const takenOver = "the connection was resumed on another socket"

// resumption is what a client says about the connection that it lost (websocket.json, query_params).
type resumption struct {
	connectionID string
	sequence     string
}

func parseResumption(q url.Values) resumption {
	return resumption{connectionID: q.Get("connection_id"), sequence: q.Get("sequence_number")}
}

// valid reports whether the connection's ID is well-formed or empty.
func (r resumption) valid() bool { return r.connectionID == "" || muster.ValidID(r.connectionID) }

// resume ties a socket to the connection that its client lost (websocket.json, reliable.cases). It returns false if a new connection is needed: the old
// one is not known, belongs to another account, or no longer holds what the client missed. The caller holds h.mu.
func (h *Hub) resume(s *socket, in *session) (bool, error) {
	c := h.index.conns[s.resumption.connectionID]
	if c == nil || c.userID != in.userID {
		return false, nil
	}
	seq, err := strconv.ParseInt(s.resumption.sequence, 10, 64)
	if err != nil || seq < 0 {
		return false, errBadResume
	}
	current := h.validation.isCurrent(in)
	old, ok := c.resume(s, in, seq, current)
	if !ok {
		if old := h.remove(c); old != nil {
			old.close(statusPolicyViolation, takenOver)
		}
		return false, nil
	}
	if old != nil {
		old.close(statusPolicyViolation, takenOver)
	} else {
		h.index.resumable--
		h.connected(h.index.users[c.userID], c.userID)
	}
	if !current {
		h.validation.request(c)
	}
	return true, nil
}
