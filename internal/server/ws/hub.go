// Package ws serves the WebSocket at GET /api/v4/websocket. It owns the connections, the events that each was sent and those waiting to be sent, and who is
// connected at all. The use cases decide what an event is and who may receive it (app.Subscribe, app.Recipients). The protocol is that of the reference
// server (websocket.json).
//
// Its security rules:
//
//   - A WebSocket is opened with a session's token or cookie, or a token must follow within seconds. A cookie is ignored if the page that asks is of an
//     origin that the settings don't name (origin.go).
//   - Nothing is sent to a session that has ended: a change to an account's sessions holds events back until each session was looked up again
//     (validation.go), and an action looks its session up before it runs.
//   - Slots, sockets of a network, connections of an account, frames and their size are bounded. A client that does not read is cut off.
package ws

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"muster"
	"muster/internal/server/httpx"
	"muster/internal/services"
)

// Defaults of Options. Those of the first group are the reference server's (websocket.json, ping, reliable, auth).
const (
	defaultPingInterval = 60 * time.Second
	defaultPongTimeout  = 100 * time.Second
	defaultWriteTimeout = 30 * time.Second
	defaultAuthTimeout  = 5 * time.Second

	defaultResumeWindow  = 2 * time.Minute
	defaultOfflineDelay  = 10 * time.Second
	defaultSweepInterval = 10 * time.Second
	defaultConnections   = 50_000
	defaultPerUser       = 100
)

const (
	eventBuffer    = 4096             // events that were published and not yet delivered
	requestTimeout = 10 * time.Second // of the use cases that one frame or one event calls
)

// Options configure a Hub. App is required.
type Options struct {
	Services *services.Services
	Log      *slog.Logger
	Version  string           // of this server
	Now      func() time.Time // the server's time; intervals are measured by the machine's
	Limiter  *httpx.Limiter   // shared with the API and the pages; nil for one of its own
	Limits   Limits
	Timing   Timing
}

// Limits bound the number of connections; zero is the default.
type Limits struct {
	Connections int // in all: 50,000
	PerUser     int // of one account: 100
}

// Timing holds timeouts and intervals; zero is the default.
type Timing struct {
	AuthTimeout   time.Duration // for a token on a socket that was opened without one: 5 s
	WriteTimeout  time.Duration // for one message to a client: 30 s
	PingInterval  time.Duration // between pings: 60 s
	PongTimeout   time.Duration // from one pong to the next, longer than PingInterval: 100 s
	ResumeWindow  time.Duration // for a client that lost its connection to resume it: 2 minutes
	OfflineDelay  time.Duration // from the end of an account's last connection to the status "offline": 10 s
	SweepInterval time.Duration // between looks at every connection: 10 s
}

// Stats count what a Hub did.
type Stats struct {
	Connections   int    // sockets open now
	Resumable     int    // connections without a socket, kept for their clients
	EventsSent    uint64 // once for each connection
	EventsDropped uint64 // because a queue was full, a client too slow or the recipients could not be determined
}

// Hub is the http.Handler of the WebSocket and everything that runs behind it.
type Hub struct {
	services *services.Services
	log      *slog.Logger
	limiter  *httpx.Limiter
	chain    *httpx.Chain
	version  string
	now      func() time.Time
	limits   Limits
	timing   Timing

	mu      sync.RWMutex // taken before a conn's, which is taken before a socket's
	closing bool
	slots   int // sockets that are open or about to be
	sockets map[*socket]struct{}
	index   index

	events           chan muster.Event
	overflowLoggedAt atomic.Int64 // Unix ms
	validation       validation
	presence         presence
	cachedVersion    atomic.Pointer[serverVersion]
	sent, dropped    atomic.Uint64

	ctx         context.Context // of all calls of use cases
	stop        context.CancelFunc
	unsubscribe func()         // from the events
	running     sync.WaitGroup // goroutines of the connections
	workers     sync.WaitGroup // goroutines of the hub
}

// New returns a Hub that is subscribed to the events of the use cases. It must be closed before the App is.
func New(o Options) *Hub {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Limiter == nil {
		o.Limiter = httpx.NewLimiter(o.Services, o.Log)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{
		services: o.Services, log: o.Log, limiter: o.Limiter, chain: httpx.NewChain("websocket", o.Limiter, o.Log, nil), version: o.Version, now: o.Now, limits: o.Limits.withDefaults(), timing: o.Timing.withDefaults(),
		sockets: map[*socket]struct{}{}, index: newIndex(), events: make(chan muster.Event, eventBuffer),
		validation: newValidation(), presence: newPresence(), ctx: ctx, stop: stop,
	}
	h.workers.Go(h.dispatch)
	h.workers.Go(h.validateSessions)
	h.workers.Go(h.sweep)
	h.workers.Go(h.storePresence)
	h.unsubscribe = h.services.Directory.Subscribe(h.enqueue)
	h.services.Directory.OnSessionsChanged(h.revalidate)
	return h
}

func (l Limits) withDefaults() Limits {
	if l.Connections <= 0 {
		l.Connections = defaultConnections
	}
	if l.PerUser <= 0 {
		l.PerUser = defaultPerUser
	}
	return l
}

func (t Timing) withDefaults() Timing {
	for _, f := range []struct {
		set      *time.Duration
		standard time.Duration
	}{
		{&t.AuthTimeout, defaultAuthTimeout}, {&t.WriteTimeout, defaultWriteTimeout}, {&t.PingInterval, defaultPingInterval},
		{&t.PongTimeout, defaultPongTimeout}, {&t.ResumeWindow, defaultResumeWindow}, {&t.OfflineDelay, defaultOfflineDelay},
		{&t.SweepInterval, defaultSweepInterval},
	} {
		if *f.set <= 0 {
			*f.set = f.standard
		}
	}
	t.PongTimeout = max(t.PongTimeout, t.PingInterval+t.PingInterval/2) // a pong must not be due before its ping was sent
	return t
}

// Stats returns the counts so far.
func (h *Hub) Stats() Stats {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return Stats{Connections: h.slots, Resumable: h.index.resumable, EventsSent: h.sent.Load(), EventsDropped: h.dropped.Load()}
}

// Close refuses new connections, closes every socket with status 1001, waits until all goroutines have ended and sets the accounts that were connected
// offline. If ctx ends first, it cuts off the remaining sockets and returns the error of ctx. A second call does nothing.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closing {
		h.mu.Unlock()
		return nil
	}
	h.closing = true
	sockets := slices.Collect(maps.Keys(h.sockets))
	for _, c := range slices.Collect(maps.Values(h.index.conns)) {
		h.remove(c)
	}
	h.mu.Unlock()

	h.unsubscribe()
	for _, s := range sockets {
		s.close(statusGoingAway, "the server is shutting down")
	}
	err := h.waitFor(ctx, sockets)
	h.stop()
	h.workers.Wait()
	h.setAllOffline(ctx)
	return err
}

// waitFor waits for the goroutines of the connections. It cuts off their sockets when ctx ends.
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
		s.abort()
	}
	<-done
	return ctx.Err()
}

// spawn runs fn in a goroutine that Close waits for. The caller must be one itself, or keep a socket from being released.
func (h *Hub) spawn(s *socket, fn func()) {
	h.running.Go(func() {
		defer h.recoverPanic(s)
		fn()
	})
}

// recoverPanic cuts off a socket whose goroutine panicked. It must be deferred.
func (h *Hub) recoverPanic(s *socket) {
	if p := recover(); p != nil {
		httpx.LogPanic(h.log, p, "work", "serve a WebSocket")
		s.abort()
	}
}

// guard runs one piece of a worker's work. It logs a panic in it and leaves the worker running.
func (h *Hub) guard(work string, fn func()) {
	defer func() {
		if p := recover(); p != nil {
			httpx.LogPanic(h.log, p, "work", work)
		}
	}()
	fn()
}

// requestContext returns the context of the use cases that one frame or one event calls.
func (h *Hub) requestContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.ctx, requestTimeout)
}
