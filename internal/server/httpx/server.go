package httpx

import (
	"cmp"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Bounds of every connection. WebSockets have bounds of their own (internal/server/ws).
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	writeTimeout      = 30 * time.Second // for writeChunk bytes
	writeChunk        = 64 << 10
	maxHeaderBytes    = 64 << 10
)

// Timeouts bound how long a client may take; zero is the default.
type Timeouts struct {
	Body  time.Duration // for the first byte of a body, extended as more arrives: 10 s
	Write time.Duration // for each 64 KiB of a response: 30 s
}

// NewServer returns the HTTP server that all listeners share: it bounds headers, cuts off bodies that make no progress and recovers from panics outside of
// any Chain. It must be served on a listener returned by Listen, which cuts off clients that don't read their responses.
func NewServer(h http.Handler, log *slog.Logger, t Timeouts) *http.Server {
	grace := cmp.Or(t.Body, bodyGrace)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer recoverPanic(w, log)
		if r.Body != nil && r.Body != http.NoBody {
			copied := *r // net/http must keep its own body: by it, it decides whether a connection can be used again
			copied.Body = newBody(w, r.Body, grace)
			r = &copied
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
