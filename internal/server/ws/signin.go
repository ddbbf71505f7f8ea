package ws

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"muster"
	"muster/internal/app"
)

const (
	// recheckAfter is how long a session is trusted without a sign that anything changed: an idle time-out gives none.
	recheckAfter = 5 * time.Minute

	checkers = 4 // how many sessions are looked up at once
)

// signIn is the session that a socket came with.
type signIn struct {
	token     string
	userID    string
	expiresAt int64  // Unix ms, 0: never
	epoch     uint64 // of the checks when it was looked up
}

// signIn finds the session behind a token. Kinds: Unauthenticated; Forbidden for one that must set up a second factor or accept terms first.
func (h *Hub) signIn(ctx context.Context, token string) (*signIn, error) {
	epoch := h.checks.epoch.Load() // first: a change while we look must not go unseen
	session, user, err := h.app.Authenticate(ctx, token)
	if err != nil {
		return nil, err
	}
	if err := h.app.Admit(ctx, &app.Caller{Session: session, User: user}); err != nil {
		return nil, err
	}
	// The token is cut out of a whole header: the connection shall not keep all of that.
	return &signIn{token: strings.Clone(token), userID: user.ID, expiresAt: session.ExpiresAt, epoch: epoch}, nil
}

// caller is who asks something over a connection, as things are now. Kinds: those of signIn.
func (h *Hub) caller(ctx context.Context, token string) (*app.Caller, error) {
	session, user, err := h.app.StillSignedIn(ctx, token)
	if err != nil {
		return nil, err
	}
	who := &app.Caller{Session: session, User: user, Path: Path}
	return who, h.app.Admit(ctx, who)
}

// refused tells an answer that there is no such session any more from a failure to find out.
func refused(err error) bool {
	return muster.IsKind(err, muster.Unauthenticated) || muster.IsKind(err, muster.Forbidden)
}

// checks are the connections whose session may have ended.
type checks struct {
	epoch  atomic.Uint64 // counts changes
	signal chan struct{}

	mu  sync.Mutex
	due map[*conn]struct{}
}

func newChecks() checks { return checks{signal: make(chan struct{}, 1), due: map[*conn]struct{}{}} }

// current tells whether nothing has changed since a session was looked up. Hub.mu is held for writing, so that a change is either seen
// here or finds the connection in the index.
func (k *checks) current(in *signIn) bool { return k.epoch.Load() == in.epoch }

// ask has connections checked soon.
func (k *checks) ask(conns ...*conn) {
	k.mu.Lock()
	for _, c := range conns {
		k.due[c] = struct{}{}
	}
	k.mu.Unlock()
	select {
	case k.signal <- struct{}{}:
	default: // it is signalled already
	}
}

func (k *checks) take() []*conn {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := slices.Collect(maps.Keys(k.due))
	clear(k.due)
	return list
}

// signInsChanged holds back everything for these accounts (nil: all) until their sessions were looked up again. When it returns, nothing
// more goes to a session that has ended.
func (h *Hub) signInsChanged(userIDs []string) {
	h.checks.epoch.Add(1)
	var conns []*conn
	h.mu.RLock()
	if userIDs == nil {
		conns = slices.Collect(maps.Values(h.index.conns))
	}
	for _, id := range userIDs {
		if p := h.index.people[id]; p != nil {
			conns = append(conns, p.conns...)
		}
	}
	for _, c := range conns {
		c.doubt()
	}
	h.mu.RUnlock()
	if len(conns) > 0 {
		h.checks.ask(conns...)
	}
}

// runChecks looks up sessions until the hub ends.
func (h *Hub) runChecks() {
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.checks.signal:
		}
		list := h.checks.take()
		if len(list) == 0 {
			continue
		}
		var group sync.WaitGroup
		for part := range slices.Chunk(list, (len(list)+checkers-1)/checkers) {
			group.Go(func() {
				for _, c := range part {
					h.guarded("check a session", func() { h.check(c) })
				}
			})
		}
		group.Wait()
	}
}

// check ends a connection whose session has ended, and lets go on one whose session stands.
func (h *Hub) check(c *conn) {
	token, changes, gone := c.signInToCheck()
	if gone || h.ctx.Err() != nil {
		return
	}
	ctx, cancel := h.asking()
	defer cancel()
	who, err := h.caller(ctx, token)
	if c.overtaken(changes) {
		h.checks.ask(c)
		return
	}
	switch {
	case refused(err):
		h.dismiss(c, statusPolicyViolation, "the session has ended")
	case err != nil: // it stays held back, and the next sweep asks again
		h.log.Error("look up a session of a WebSocket", "error", err)
	case !c.confirm(changes, who.Session.ExpiresAt):
		h.checks.ask(c)
	}
}

// sweep looks at every connection now and then: pings, sessions that ended by time, clients that stayed away.
func (h *Hub) sweep() {
	tick := time.NewTicker(h.waits.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
			h.guarded("sweep", h.sweepOnce)
		}
	}
}

func (h *Hub) sweepOnce() {
	now, serverNow := time.Now(), h.now().UnixMilli()
	var check, forget []*conn
	h.mu.RLock()
	for s := range h.open {
		s.pingIfDue(now)
	}
	for _, c := range h.index.conns {
		mustCheck, mustForget := c.due(now, serverNow, h.waits.Away)
		if mustForget {
			forget = append(forget, c)
		} else if mustCheck {
			check = append(check, c)
		}
	}
	h.mu.RUnlock()
	for _, c := range forget {
		h.forget(c)
	}
	if len(check) > 0 {
		h.checks.ask(check...)
	}
}

// forget ends a connection whose client stayed away, unless it came back this moment.
func (h *Hub) forget(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.isAway() {
		h.remove(c)
	}
}
