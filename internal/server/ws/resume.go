package ws

import (
	"errors"
	"net/url"
	"strconv"

	"muster"
)

var errBadResume = errors.New("connection_id or sequence_number is not valid")

// takenOver is what a socket hears that the server had not yet noticed the end of.
const takenOver = "the connection was taken over"

// resumption is what a client says about the connection that it lost (websocket.json, query_params).
type resumption struct {
	connectionID string
	sequence     string
}

func resumptionOf(q url.Values) resumption {
	return resumption{connectionID: q.Get("connection_id"), sequence: q.Get("sequence_number")}
}

// valid tells whether the connection's id has the form of one, or is not given.
func (r resumption) valid() bool { return r.connectionID == "" || muster.ValidID(r.connectionID) }

// resume ties a socket to the connection that its client lost (websocket.json, reliable.cases). It gives false when a new connection is
// to be made: the old one is not known, is another account's, or no longer holds what the client missed. Hub.mu is held.
func (h *Hub) resume(s *socket, in *signIn) (bool, error) {
	c := h.index.conns[s.resumes.connectionID]
	if c == nil || c.userID != in.userID {
		return false, nil
	}
	seq, err := strconv.ParseInt(s.resumes.sequence, 10, 64)
	if err != nil || seq < 0 {
		return false, errBadResume
	}
	current := h.checks.current(in)
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
		h.index.away--
		h.came(h.index.people[c.userID], c.userID)
	}
	if !current {
		h.checks.ask(c)
	}
	return true, nil
}
