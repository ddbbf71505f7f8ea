package ws

import "time"

// sweep looks at every connection at intervals until the hub is closed: it sends pings, validates sessions that may have expired and removes connections
// that were not resumed.
func (h *Hub) sweep() {
	tick := time.NewTicker(h.timing.SweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
			h.guard("sweep", h.sweepOnce)
		}
	}
}

func (h *Hub) sweepOnce() {
	now, serverNow := time.Now(), h.now().UnixMilli()
	var toValidate, toRemove []*conn
	h.mu.RLock()
	for s := range h.sockets {
		s.pingIfDue(now)
	}
	for _, c := range h.index.conns {
		validate, remove := c.due(now, serverNow, h.timing.ResumeWindow)
		if remove {
			toRemove = append(toRemove, c)
		} else if validate {
			toValidate = append(toValidate, c)
		}
	}
	h.mu.RUnlock()
	for _, c := range toRemove {
		h.removeIfDetached(c)
	}
	if len(toValidate) > 0 {
		h.validation.request(toValidate...)
	}
}

// removeIfDetached removes a connection unless its client has just resumed it.
func (h *Hub) removeIfDetached(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.isDetached() {
		h.remove(c)
	}
}
