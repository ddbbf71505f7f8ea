package ws

import (
	"sync/atomic"
	"time"

	"muster"
)

// logEvery keeps a storm from filling the log too.
const logEvery = time.Second

// overflow says when events were last lost.
type overflow struct{ loggedAt atomic.Int64 } // Unix ms

// enqueue takes an event off the publisher's hands. It must not block: what does not fit is lost.
func (h *Hub) enqueue(e muster.Event) {
	select {
	case h.events <- e:
		return
	default:
	}
	h.dropped.Add(1)
	now, last := time.Now().UnixMilli(), h.overflow.loggedAt.Load()
	if now-last >= logEvery.Milliseconds() && h.overflow.loggedAt.CompareAndSwap(last, now) {
		h.log.Error("too many events at once: some were lost", "event", e.Name, "lost_so_far", h.dropped.Load())
	}
}

// dispatch hands events to connections, in order, until the hub ends.
func (h *Hub) dispatch() {
	var d dispatcher
	for {
		select {
		case <-h.ctx.Done():
			return
		case e := <-h.events:
			h.guarded("deliver "+e.Name, func() { h.deliver(&d, e) })
		}
	}
}

// dispatcher is what the dispatching goroutine keeps from one event to the next.
type dispatcher struct {
	people []string // every account with a connection
	change uint64   // of the index, when people was listed
	conns  []*conn
}

// deliver finds out who hears of an event, encodes it once and puts it into their queues.
func (h *Hub) deliver(d *dispatcher, e muster.Event) {
	connected := h.connected(d, e.Audience.UserID)
	if len(connected) == 0 {
		return
	}
	ctx, cancel := h.asking()
	defer cancel()
	hearers, err := h.app.Recipients(ctx, e, connected)
	if err == nil && len(hearers) == 0 {
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
	d.conns = h.connsOf(hearers, d.conns[:0])
	for _, c := range d.conns {
		h.give(c, m)
	}
	clear(d.conns)
}

// connected lists the accounts that an event may go to: one, or all that have a connection.
func (h *Hub) connected(d *dispatcher, userID string) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if userID != "" {
		if h.index.people[userID] == nil {
			return nil
		}
		return []string{userID}
	}
	if d.people == nil || d.change != h.index.change {
		d.people = make([]string, 0, len(h.index.people))
		for id := range h.index.people {
			d.people = append(d.people, id)
		}
		d.change = h.index.change
	}
	return d.people
}

// give puts an event into a connection's queue. One that is full belongs to a client that does not keep up: it is dropped, and the
// client starts anew.
func (h *Hub) give(c *conn, m *encodedEvent) {
	switch c.push(m) {
	case skipped:
		h.dropped.Add(1)
	case overfull:
		h.dropped.Add(1)
		if s := h.drop(c); s != nil {
			h.log.Debug("a WebSocket client was too slow", "user_id", c.userID)
			s.cut()
		}
	case taken:
	}
}
