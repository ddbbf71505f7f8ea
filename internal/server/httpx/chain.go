package httpx

import (
	"log/slog"
	"net/http"
	"time"

	"muster"
	"muster/internal/core"
)

// Recorder receives every request served, for metrics. The route is a pattern, "" if nothing is served at the path.
type Recorder func(method, route string, status int, took time.Duration)

// Chain does what the API, the WebSocket and the pages do around every request: it counts the request against its network, recovers from panics, answers
// errors and writes the access log. One Chain serves one of the three.
type Chain struct {
	name    string // of its lines in the access log
	limiter *Limiter
	log     *slog.Logger
	record  Recorder // nil for none
}

// NewChain returns a Chain. Its name is the message of its lines in the access log; a nil record records nothing.
func NewChain(name string, limiter *Limiter, log *slog.Logger, record Recorder) *Chain {
	return &Chain{name, limiter, log, record}
}

// Exchange is a request and its response. It is the ResponseWriter of whoever answers the request, and notes the status.
type Exchange struct {
	http.ResponseWriter
	Request *http.Request
	Caller  *core.Caller
	Method  string // in metrics; never one that a client made up
	Route   string // in metrics and the access log: the pattern, "" for none
	Err     error  // in the access log; Serve sets it to the error that it answers

	start  time.Time
	status int // 0 until the header is written
}

// NewExchange begins an exchange and gives it its request ID.
func (c *Chain) NewExchange(w http.ResponseWriter, r *http.Request) *Exchange {
	x := &Exchange{ResponseWriter: w, Request: r, Caller: c.limiter.NewCaller(r), start: time.Now()}
	h := w.Header()
	h["X-Request-Id"] = []string{x.Caller.RequestID}
	h["X-Content-Type-Options"] = noSniff
	return x
}

var noSniff = []string{"nosniff"}

// WriteHeader notes the status and sends the header.
func (x *Exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the response.
func (x *Exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	return x.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (x *Exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// Serve answers a request. It calls handle, which writes the response or returns an error, and render, which writes the response for an error: the one
// that handle returned, a refusal by the limiter, or kind Internal after a panic.
func (c *Chain) Serve(x *Exchange, handle func() error, render func(*muster.Error)) {
	defer c.finish(x, render)
	err := c.limiter.BeginRequest(x.Caller)
	if err == nil {
		defer c.limiter.EndRequest(x.Caller)
		err = handle()
	}
	if err != nil {
		c.fail(x, err, render)
	}
}

// fail answers an error, whose cause only the access log tells.
func (c *Chain) fail(x *Exchange, err error, render func(*muster.Error)) {
	x.Err = err
	e := asError(x.Request.Context(), err)
	c.limiter.AbandonBody(x, x.Request, e)
	SetRetryAfter(x.Header(), e)
	render(e)
}

// finish recovers from a panic, writes the access log and records the request. A transaction that the panic ended was rolled back on its way here.
func (c *Chain) finish(x *Exchange, render func(*muster.Error)) {
	if p := recover(); p != nil {
		if err := panicError(c.log, p, "request_id", x.Caller.RequestID); x.status == 0 {
			c.fail(x, err, render)
		}
	}
	took := time.Since(x.start)
	if c.record != nil {
		c.record(x.Method, x.Route, x.status, took)
	}
	c.logAccess(x, took)
}
