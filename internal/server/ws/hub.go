// Package ws serves the WebSocket at GET /api/v4/websocket: it owns the connections, what each was sent and has yet to be sent, and who
// is connected at all. What an event is and who may hear of it the use cases say (app.Listen, app.Recipients). The protocol's rules are those
// of the reference server (websocket.json).
package ws

import (
	"context"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"muster"
	"muster/internal/app"
	"muster/internal/server/httpx"
)

// The protocol's own numbers (websocket.json, ping, reliable, auth) and, after them, ours.
const (
	defaultPingEvery = 60 * time.Second
	defaultPongWait  = 100 * time.Second
	defaultWriteWait = 30 * time.Second
	defaultAuthWait  = 5 * time.Second

	defaultAwayTime      = 2 * time.Minute
	defaultPresenceGrace = 10 * time.Second
	defaultSweepEvery    = 10 * time.Second
	defaultConnections   = 50_000
	defaultPerUser       = 100

	eventQueue = 4096             // events on their way to the connections
	askTime    = 10 * time.Second // for what one frame or one event asks of the use cases
)

// Options are what a Hub works with; App is required.
type Options struct {
	App     *app.App
	Log     *slog.Logger
	Version string           // Muster's own
	Now     func() time.Time // what the server's time is; waits go by the machine's
	Limiter *httpx.Limiter   // shared with the other edges; nil for one of its own
	Limits  Limits
	Waits   Waits
}

// Limits bound what connections take; zero is the default.
type Limits struct {
	Connections int // in all: 50,000
	PerUser     int // of one account: 100
}

// Waits are how long things take; zero is the default.
type Waits struct {
	Auth     time.Duration // for a session on a connection that was opened without: 5 s
	Write    time.Duration // for one message to a client: 30 s
	Ping     time.Duration // between pings: 60 s
	Pong     time.Duration // from one pong to the next, longer than Ping: 100 s
	Away     time.Duration // that a connection is kept for a client that lost it: 2 minutes
	Presence time.Duration // from the last connection's end to "offline": 10 s
	Sweep    time.Duration // between looks at every connection: 10 s
}

// Stats count what a Hub did.
type Stats struct {
	Connections   int    // open now
	Away          int    // kept for clients that lost them
	EventsSent    uint64 // to one connection each
	EventsDropped uint64 // for a full queue, a slow reader or a failed look-up of who may hear
}

// Hub is the WebSocket's http.Handler and everything that runs behind it.
type Hub struct {
	app     *app.App
	log     *slog.Logger
	limiter *httpx.Limiter
	version string
	now     func() time.Time
	limits  Limits
	waits   Waits

	mu      sync.RWMutex // before a conn's, before a socket's
	closing bool
	slots   int // sockets open or about to be
	open    map[*socket]struct{}
	index   index

	events        chan muster.Event
	overflow      overflow
	checks        checks
	presence      presence
	identity      atomic.Pointer[identity]
	sent, dropped atomic.Uint64

	ctx         context.Context // of everything that is asked of the use cases
	stop        context.CancelFunc
	unsubscribe func()         // ends the listening
	running     sync.WaitGroup // the connections' goroutines
	workers     sync.WaitGroup // the hub's own
}

// New makes a Hub that listens to the use cases. Close ends it; it must be closed before the App is.
func New(o Options) *Hub {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Limiter == nil {
		o.Limiter = httpx.NewLimiter(o.App, o.Log)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{
		app: o.App, log: o.Log, limiter: o.Limiter, version: o.Version, now: o.Now, limits: o.Limits.orDefault(), waits: o.Waits.orDefault(),
		open: map[*socket]struct{}{}, index: newIndex(), events: make(chan muster.Event, eventQueue),
		checks: newChecks(), presence: newPresence(), ctx: ctx, stop: stop,
	}
	h.workers.Go(h.dispatch)
	h.workers.Go(h.runChecks)
	h.workers.Go(h.sweep)
	h.workers.Go(h.tellPresence)
	h.unsubscribe = h.app.Subscribe(h.enqueue)
	h.app.OnSignInsChanged(h.signInsChanged)
	return h
}

func (l Limits) orDefault() Limits {
	if l.Connections <= 0 {
		l.Connections = defaultConnections
	}
	if l.PerUser <= 0 {
		l.PerUser = defaultPerUser
	}
	return l
}

func (w Waits) orDefault() Waits {
	for _, f := range []struct {
		wait *time.Duration
		or   time.Duration
	}{
		{&w.Auth, defaultAuthWait}, {&w.Write, defaultWriteWait}, {&w.Ping, defaultPingEvery}, {&w.Pong, defaultPongWait},
		{&w.Away, defaultAwayTime}, {&w.Presence, defaultPresenceGrace}, {&w.Sweep, defaultSweepEvery},
	} {
		if *f.wait <= 0 {
			*f.wait = f.or
		}
	}
	w.Pong = max(w.Pong, w.Ping+w.Ping/2) // a pong can't be late before its ping went out
	return w
}

// Stats gives the counts so far.
func (h *Hub) Stats() Stats {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return Stats{Connections: h.slots, Away: h.index.away, EventsSent: h.sent.Load(), EventsDropped: h.dropped.Load()}
}

// Close refuses new connections, closes every socket with status 1001 and waits until all goroutines have ended; whoever was connected is
// then set offline. When ctx ends first, what still stands is cut off, and the error is ctx's. A second call does nothing.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closing {
		h.mu.Unlock()
		return nil
	}
	h.closing = true
	sockets := slices.Collect(maps.Keys(h.open))
	for _, c := range slices.Collect(maps.Values(h.index.conns)) {
		h.remove(c)
	}
	h.mu.Unlock()

	h.unsubscribe()
	for _, s := range sockets {
		s.close(statusGoingAway, "the server stops")
	}
	err := h.waitFor(ctx, sockets)
	h.stop()
	h.workers.Wait()
	h.everybodyOffline(ctx)
	return err
}

// waitFor waits for the connections' goroutines and cuts them off when ctx ends.
func (h *Hub) waitFor(ctx context.Context, sockets []*socket) error {
	done := make(chan struct{})
	go func() {
		h.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	h.stop()
	for _, s := range sockets {
		s.cut()
	}
	<-done
	return ctx.Err()
}

// spawn runs fn as one of the goroutines that Close waits for. The caller must be one itself, or hold a live socket still.
func (h *Hub) spawn(s *socket, fn func()) {
	h.running.Go(func() {
		defer h.rescue(s)
		fn()
	})
}

// rescue ends a socket whose goroutine panicked; the server lives on.
func (h *Hub) rescue(s *socket) {
	if p := recover(); p != nil {
		h.log.Error("panic on a WebSocket", "panic", p, "stack", string(debug.Stack()))
		s.cut()
	}
}

// guarded runs one piece of a worker's work; a panic in it is logged and leaves the worker running.
func (h *Hub) guarded(work string, fn func()) {
	defer func() {
		if p := recover(); p != nil {
			h.log.Error("panic in the WebSocket hub", "work", work, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	fn()
}

// asking bounds what is asked of the use cases.
func (h *Hub) asking() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.ctx, askTime)
}
