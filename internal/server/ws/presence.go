package ws

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"muster"
)

// presence collects which accounts went online or offline. A goroutine stores that, because it takes a while.
type presence struct {
	wake chan struct{}

	mu      sync.Mutex
	pending map[string]time.Time // when to store an account's change
	online  map[string]struct{}  // accounts stored as online
}

func newPresence() presence {
	return presence{wake: make(chan struct{}, 1), pending: map[string]time.Time{}, online: map[string]struct{}{}}
}

// connected records an account's first connection. An account that comes back before it was stored as offline stays online.
func (p *presence) connected(userID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, stored := p.online[userID]; stored {
		delete(p.pending, userID)
		return
	}
	p.schedule(userID, time.Now())
}

// disconnected records the end of an account's last connection, to be stored at a time.
func (p *presence) disconnected(userID string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, stored := p.online[userID]; !stored {
		delete(p.pending, userID) // it was never stored as online
		return
	}
	p.schedule(userID, at)
}

// schedule records when to store an account's change. The caller holds p.mu.
func (p *presence) schedule(userID string, at time.Time) {
	p.pending[userID] = at
	signal(p.wake)
}

// signal wakes the goroutine that receives from a channel of capacity 1. It does nothing if the goroutine has yet to take an earlier signal.
func signal(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// take returns the changes to store now, and how long until there are more.
func (p *presence) take(now time.Time) (online, offline []string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait = time.Hour
	for id, at := range p.pending {
		if at.After(now) {
			wait = min(wait, at.Sub(now))
			continue
		}
		delete(p.pending, id)
		if _, stored := p.online[id]; stored {
			delete(p.online, id)
			offline = append(offline, id)
		} else {
			p.online[id] = struct{}{}
			online = append(online, id)
		}
	}
	return online, offline, wait
}

// storePresence stores changes until the hub is closed.
func (h *Hub) storePresence() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.presence.wake:
		case <-timer.C:
		}
		online, offline, wait := h.presence.take(time.Now())
		for _, id := range online {
			h.setPresence(h.ctx, id, muster.StatusOnline)
		}
		for _, id := range offline {
			h.setPresence(h.ctx, id, muster.StatusOffline)
		}
		timer.Reset(wait)
	}
}

func (h *Hub) setPresence(ctx context.Context, userID, status string) {
	h.guard("store presence", func() {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		if err := h.services.Directory.SetPresence(ctx, userID, status); err != nil && ctx.Err() == nil {
			h.log.Error("store presence", "user_id", userID, "status", status, "error", err)
		}
	})
}

// setAllOffline stores that all accounts are offline, for a hub that was closed.
func (h *Hub) setAllOffline(ctx context.Context) {
	h.presence.mu.Lock()
	online := slices.Collect(maps.Keys(h.presence.online))
	clear(h.presence.online)
	clear(h.presence.pending)
	h.presence.mu.Unlock()
	for _, id := range online {
		if ctx.Err() != nil {
			return
		}
		h.setPresence(ctx, id, muster.StatusOffline)
	}
}
