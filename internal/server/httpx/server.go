package httpx

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"muster"
	"muster/internal/message"
	"muster/internal/network"
)

// Bounds of every connection. WebSockets have their own (internal/server/ws).
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	writeTimeout      = 30 * time.Second // for writeChunk bytes to be taken
	writeChunk        = 64 << 10
	maxHeaderBytes    = 64 << 10
)

// Timeouts are how long a client may take; zero is the default.
type Timeouts struct {
	Body  time.Duration // for the first byte of a body, and more as it comes: 10 s
	Write time.Duration // for each 64 KiB of an answer: 30 s
}

// NewServer returns the HTTP server that all listeners have in common: bounded headers, bodies that must come with progress, and a last net for panics.
// Serve it on a listener of Listen, which sees that answers are taken with progress.
func NewServer(h http.Handler, log *slog.Logger, t Timeouts) *http.Server {
	grace := cmp.Or(t.Body, bodyGrace)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer rescue(w, log)
		if r.Body != nil && r.Body != http.NoBody {
			paced := *r // net/http keeps the request as it was: by its own body it knows how to end a connection whose body was not read
			paced.Body = newBody(w, r.Body, grace)
			r = &paced
		}
		h.ServeHTTP(w, r)
	})
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnState: func(c net.Conn, state http.ConnState) {
			if c, ok := c.(*conn); ok && state == http.StateHijacked {
				c.hijacked.Store(true)
			}
		},
	}
}

// rescue catches what a handler's own net did not.
func rescue(w http.ResponseWriter, log *slog.Logger) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel itself, as net/http compares it
		panic(p)
	}
	log.Error("panic", "panic", p, "stack", string(debug.Stack()))
	e := muster.E(muster.Internal, "api.context.internal.app_error")
	text, err := json.Marshal(map[string]any{"id": e.ID, "message": message.Of(e), "detailed_error": "", "status_code": e.Kind.Status()})
	if err != nil {
		text = []byte("{}") // four plain fields always encode
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Kind.Status())
	_, _ = w.Write(text) // a client that left is no fault of ours
}

// Listen bounds the connections of each network on a listener, and how slowly their answers may be taken. A nil limiter bounds no connections: that is
// for listeners that are not for everybody.
func Listen(l net.Listener, limiter *Limiter, t Timeouts) net.Listener {
	return &listener{l, limiter, cmp.Or(t.Write, writeTimeout)}
}

type listener struct {
	net.Listener
	limiter *Limiter
	write   time.Duration
}

// Accept returns the next connection whose network may have one more; others are closed at once.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		n := network.Network{}
		if l.limiter != nil {
			n = l.limiter.countedAs(c.RemoteAddr())
			if !l.limiter.admit(n) {
				_ = c.Close() // it held nothing
				continue
			}
		}
		return &conn{Conn: c, write: l.write, closed: sync.OnceFunc(func() {
			if l.limiter != nil {
				l.limiter.connections.give(n)
			}
		})}, nil
	}
}

// admit counts a connection as open, and reports whether its network may have it.
func (l *Limiter) admit(n network.Network) bool {
	c := l.settings()
	if c.Enable && l.shedder.sheds(n, time.Now()) {
		l.refuse(limitShed, n)
		return false
	}
	return l.take(&l.connections, n, limitConnections, c.MaxConnectionsPerNetwork) == nil
}

// countedAs returns the network that a connection counts against: none for trusted proxies, whose clients' requests are counted instead.
func (l *Limiter) countedAs(peer net.Addr) network.Network {
	a, ok := peerOf(peer.String())
	if !ok || l.trust().trusts(a) {
		return network.Network{}
	}
	return network.Of(a.String())
}

// conn is a connection whose writes have deadlines of their own, until it is hijacked: then they are its new owner's.
type conn struct {
	net.Conn
	write    time.Duration
	hijacked atomic.Bool
	closed   func()
}

func (c *conn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// Write writes in chunks, so that a slow client has time for each and not for all of a large answer.
func (c *conn) Write(b []byte) (n int, err error) {
	if c.hijacked.Load() {
		return c.Conn.Write(b)
	}
	for first := true; first || len(b) > 0; first = false {
		chunk := b[:min(len(b), writeChunk)]
		if err := c.SetWriteDeadline(time.Now().Add(c.write)); err != nil {
			return n, err
		}
		written, err := c.Conn.Write(chunk)
		n += written
		if err != nil {
			return n, err
		}
		b = b[len(chunk):]
	}
	return n, nil
}

// CloseWrite lets net/http end a connection so that the client still reads the answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
