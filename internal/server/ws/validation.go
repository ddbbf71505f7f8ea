package ws

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// revalidateAfter is how long a session is taken to be valid without another look-up. Nothing announces that one timed out because it was idle.
	revalidateAfter = 5 * time.Minute

	validators = 4 // goroutines that look sessions up
)

// validation collects the connections whose sessions may have ended.
type validation struct {
	epoch atomic.Uint64 // counts changes to sessions
	wake  chan struct{}

	mu      sync.Mutex
	pending map[*conn]struct{}
}

func newValidation() validation {
	return validation{wake: make(chan struct{}, 1), pending: map[*conn]struct{}{}}
}

// isCurrent reports whether no session has changed since this one was looked up. The caller holds Hub.mu for writing, so that a change is either noticed
// here or finds the connection in the index.
func (v *validation) isCurrent(in *session) bool { return v.epoch.Load() == in.epoch }

// request has the sessions of connections looked up soon.
func (v *validation) request(conns ...*conn) {
	v.mu.Lock()
	for _, c := range conns {
		v.pending[c] = struct{}{}
	}
	v.mu.Unlock()
	signal(v.wake)
}

func (v *validation) take() []*conn {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := slices.Collect(maps.Keys(v.pending))
	clear(v.pending)
	return list
}

// revalidate holds back all events to these accounts (nil: all) until their sessions were looked up again. After it returns, nothing more is sent to a
// session that has ended.
func (h *Hub) revalidate(userIDs []string) {
	h.validation.epoch.Add(1)
	var conns []*conn
	h.mu.RLock()
	if userIDs == nil {
		conns = slices.Collect(maps.Values(h.index.conns))
	}
	for _, id := range userIDs {
		if u := h.index.users[id]; u != nil {
			conns = append(conns, u.conns...)
		}
	}
	for _, c := range conns {
		c.requireValidation()
	}
	h.mu.RUnlock()
	if len(conns) > 0 {
		h.validation.request(conns...)
	}
}

// validateSessions looks up sessions until the hub is closed.
func (h *Hub) validateSessions() {
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.validation.wake:
		}
		list := h.validation.take()
		if len(list) == 0 {
			continue
		}
		var group sync.WaitGroup
		for part := range slices.Chunk(list, (len(list)+validators-1)/validators) {
			group.Go(func() {
				for _, c := range part {
					h.guard("validate a session", func() { h.validate(c) })
				}
			})
		}
		group.Wait()
	}
}

// validate looks up the session of a connection. It closes the connection if the session has ended, and sends what was held back if it has not.
func (h *Hub) validate(c *conn) {
	token, revision, ended := c.toValidate()
	if ended || h.ctx.Err() != nil {
		return
	}
	ctx, cancel := h.requestContext()
	defer cancel()
	who, err := h.caller(ctx, token)
	if c.changedSince(revision) {
		h.validation.request(c)
		return
	}
	switch {
	case isNoSession(err):
		h.closeConn(c, statusPolicyViolation, "the session has ended")
	case err != nil: // events stay held back, and the next sweep tries again
		h.log.Error("look up the session of a WebSocket", "error", err)
	case !c.setValidated(revision, who.Session.ExpiresAt):
		h.validation.request(c)
	}
}
