package ws

import (
	"time"

	"muster"
)

// overflowLogInterval is the time between log lines about lost events: many at once must not fill the disk.
const overflowLogInterval = time.Second

// enqueue accepts an event from the publisher, whom it must not block. If the buffer is full the event is lost.
func (h *Hub) enqueue(e muster.Event) {
	select {
	case h.events <- e:
		return
	default:
	}
	h.dropped.Add(1)
	now, last := time.Now().UnixMilli(), h.overflowLoggedAt.Load()
	if now-last >= overflowLogInterval.Milliseconds() && h.overflowLoggedAt.CompareAndSwap(last, now) {
		h.log.Error("lost events: too many at once", "event", e.Name, "lost_so_far", h.dropped.Load())
	}
}

// dispatch delivers events in order until the hub is closed.
func (h *Hub) dispatch() {
	var d dispatcher
	for {
		select {
		case <-h.ctx.Done():
			return
		case e := <-h.events:
			h.guard("deliver "+e.Name, func() { h.deliver(&d, e) })
		}
	}
}

// dispatcher is what the dispatching goroutine keeps from one event to the next.
type dispatcher struct {
	userIDs  []string // of every account with a connection
	revision uint64   // of the index when userIDs was made
	conns    []*conn
}

// deliver determines the recipients of an event, encodes it once and adds it to their queues.
func (h *Hub) deliver(d *dispatcher, e muster.Event) {
	candidates := h.candidates(d, e.Audience.UserID)
	if len(candidates) == 0 {
		return
	}
	ctx, cancel := h.requestContext()
	defer cancel()
	recipients, err := h.services.Directory.Recipients(ctx, e, candidates)
	if err == nil && len(recipients) == 0 {
		return
	}
	var m *encodedEvent
	if err == nil {
		m, err = encode(e)
	}
	if err != nil {
		h.dropped.Add(1)
		h.log.Error("deliver event", "event", e.Name, "error", err)
		return
	}
	d.conns = h.connsOf(recipients, d.conns[:0])
	for _, c := range d.conns {
		h.push(c, m)
	}
	clear(d.conns)
}

// candidates returns the accounts that an event may go to: one, or all that have a connection.
func (h *Hub) candidates(d *dispatcher, userID string) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if userID != "" {
		if h.index.users[userID] == nil {
			return nil
		}
		return []string{userID}
	}
	if d.userIDs == nil || d.revision != h.index.revision {
		d.userIDs = make([]string, 0, len(h.index.users))
		for id := range h.index.users {
			d.userIDs = append(d.userIDs, id)
		}
		d.revision = h.index.revision
	}
	return d.userIDs
}

// push adds an event to a connection's queue. A full queue belongs to a client that does not keep up: its connection ends, and it has to start anew.
func (h *Hub) push(c *conn, m *encodedEvent) {
	switch c.push(m) {
	case pushSkipped:
		h.dropped.Add(1)
	case pushOverflow:
		h.dropped.Add(1)
		if s := h.drop(c); s != nil {
			h.log.Debug("cut off a WebSocket client that was too slow", "user_id", c.userID)
			s.abort()
		}
	case pushQueued:
	}
}
