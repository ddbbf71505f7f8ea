package ws

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"muster"
)

// presence is what the use cases have yet to be told of who is connected. Writing it down takes a while, so a goroutine does it.
type presence struct {
	signal chan struct{}

	mu     sync.Mutex
	due    map[string]time.Time // when to tell that an account came, or left
	online map[string]struct{}  // those told to have come
}

func newPresence() presence {
	return presence{signal: make(chan struct{}, 1), due: map[string]time.Time{}, online: map[string]struct{}{}}
}

// came notes an account's first connection. Who comes back before their leaving was told has not left.
func (p *presence) came(userID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, told := p.online[userID]; told {
		delete(p.due, userID)
		return
	}
	p.at(userID, time.Now())
}

// left notes the end of an account's last connection, to be told at a time.
func (p *presence) left(userID string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, told := p.online[userID]; !told {
		delete(p.due, userID) // nobody was told that they came
		return
	}
	p.at(userID, at)
}

// at notes that there is something to tell. p.mu is held.
func (p *presence) at(userID string, t time.Time) {
	p.due[userID] = t
	select {
	case p.signal <- struct{}{}:
	default: // it is signalled already
	}
}

// take gives what is to be told at a time, and how long until there is more.
func (p *presence) take(now time.Time) (came, left []string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait = time.Hour
	for id, at := range p.due {
		if at.After(now) {
			wait = min(wait, at.Sub(now))
			continue
		}
		delete(p.due, id)
		if _, told := p.online[id]; told {
			delete(p.online, id)
			left = append(left, id)
		} else {
			p.online[id] = struct{}{}
			came = append(came, id)
		}
	}
	return came, left, wait
}

// tellPresence tells the use cases until the hub ends.
func (h *Hub) tellPresence() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.presence.signal:
		case <-timer.C:
		}
		came, left, wait := h.presence.take(time.Now())
		for _, id := range came {
			h.tell(h.ctx, id, muster.StatusOnline)
		}
		for _, id := range left {
			h.tell(h.ctx, id, muster.StatusOffline)
		}
		timer.Reset(wait)
	}
}

func (h *Hub) tell(ctx context.Context, userID, status string) {
	h.guarded("tell presence", func() {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		if err := h.app.SetPresence(ctx, userID, status); err != nil && ctx.Err() == nil {
			h.log.Error("note presence", "user_id", userID, "status", status, "error", err)
		}
	})
}

// everybodyOffline is for the end: nobody is connected here any more.
func (h *Hub) everybodyOffline(ctx context.Context) {
	h.presence.mu.Lock()
	online := slices.Collect(maps.Keys(h.presence.online))
	clear(h.presence.online)
	clear(h.presence.due)
	h.presence.mu.Unlock()
	for _, id := range online {
		if ctx.Err() != nil {
			return
		}
		h.tell(ctx, id, muster.StatusOffline)
	}
}
