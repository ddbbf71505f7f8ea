// Package api serves the HTTP API, version 4. A handler parses, calls one use case and returns a value or an error;
// everything around that (session, CSRF, limits, ids, log, metrics, the error object) happens here, once.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"muster"
	"muster/internal/app"
	"muster/internal/config"
	"muster/internal/server/httpx"
)

// Prefix is where the API lives.
const Prefix = "/api/v4"

// Recorder is told of every request served, for metrics. route is the pattern, "" for none.
type Recorder func(method, route string, status int, took time.Duration)

// Options are what a Server works with; App is required.
type Options struct {
	App     *app.App
	Log     *slog.Logger
	Record  Recorder
	Version string         // Muster's own
	Socket  http.Handler   // the WebSocket's; nil for none
	Local   bool           // serves the local socket: every caller is the machine's own administrator
	Limiter *httpx.Limiter // shared with the other edges; nil for one of its own
}

// Server is the API's http.Handler.
type Server struct {
	app     *app.App
	log     *slog.Logger
	record  Recorder
	version string
	socket  http.Handler
	local   bool
	root    node
	limiter *httpx.Limiter
}

// New builds the API over the use cases.
func New(o Options) *Server {
	s := &Server{
		app: o.App, log: o.Log, record: o.Record, version: config.ReferenceVersion + "." + o.Version, socket: o.Socket, local: o.Local,
		limiter: o.Limiter,
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.limiter == nil {
		s.limiter = httpx.NewLimiter(s.app, s.log)
	}
	if s.record == nil {
		s.record = func(string, string, int, time.Duration) {}
	}
	for _, r := range routes() {
		if r.servedOn(o.Local) {
			s.root.add(&r)
		}
	}
	return s
}

// call is one request on its way through a handler.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	app     *app.App
	limiter *httpx.Limiter
	who     *app.Caller
	token   string // as it came in, for the cookie of a prolonged session
	cookies httpx.Cookies
	route   *route
	values  [maxParams]string
	start   time.Time
	status  int
	err     error
	local   bool // over the local socket
	foreign bool // the session's cookie came along, but nothing proves that a page of ours sent it
}

func (c *call) ctx() context.Context { return c.r.Context() }

// param is a parameter of the path, "" if the route has none of that name.
func (c *call) param(name string) string {
	for i, p := range c.route.params {
		if p == name {
			return c.values[i]
		}
	}
	return ""
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.edgeHeaders(w, r) {
		return
	}
	c := &call{w: w, r: r, app: s.app, limiter: s.limiter, local: s.local, start: time.Now()}
	if s.socket != nil && strings.TrimSuffix(r.URL.Path, "/") == Prefix+"/websocket" {
		s.socket.ServeHTTP(w, r)
		return
	}
	path, inside := strings.CutPrefix(r.URL.EscapedPath(), Prefix)
	if inside {
		c.route = s.root.find(r.Method, path, &c.values)
	}
	if c.route == nil {
		s.unrouted(c)
		return
	}
	c.who, c.cookies = s.limiter.NewCaller(r), s.limiter.NewCookies(r)
	h := w.Header()
	h["X-Request-Id"] = []string{c.who.RequestID}
	h["X-Version-Id"] = []string{s.version}
	h["X-Content-Type-Options"] = noSniff
	defer s.finish(c)
	if c.err = s.limiter.BeginRequest(c.who); c.err == nil {
		defer s.limiter.EndRequest(c.who)
		c.err = s.serve(c)
	}
	if c.err != nil {
		s.fail(c, c.err)
	}
}

var noSniff = []string{"nosniff"}

func (s *Server) serve(c *call) error {
	if c.route.limit == everybody {
		if err := s.limiter.AllowLogin(c.who); err != nil {
			return err
		}
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if c.route.limit == strangers && c.who.Session == nil {
		if err := s.limiter.AllowLogin(c.who); err != nil {
			return err
		}
	}
	if err := s.limiter.Allow(c.r, c.who); err != nil {
		return err
	}
	if err := c.checkQuery(); err != nil {
		return err
	}
	c.limitBody()
	answer, err := c.route.handle(c)
	if err != nil {
		return err
	}
	return c.answer(answer)
}

// finish catches a panic, logs the request and counts it.
func (s *Server) finish(c *call) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel itself, as net/http compares it
			panic(p)
		}
		s.log.Error("panic", "request_id", c.who.RequestID, "panic", p, "stack", string(debug.Stack()))
		if c.status == 0 {
			s.fail(c, muster.E(muster.Internal, "api.context.internal.app_error"))
		}
	}
	took := time.Since(c.start)
	s.record(c.route.method, c.route.path, c.status, took)
	httpx.Served{What: "request", Who: c.who, Method: c.r.Method, Route: c.route.path, Status: c.status, Took: took, Err: c.err}.Log(c.ctx(), s.log)
}

// unrouted answers for what is not served. The reference server's answer there carries no ids.
func (s *Server) unrouted(c *call) {
	e := muster.E(muster.NotFound, "api.context.404.app_error")
	c.writeError(e, "", "")
	s.record("other", "", c.status, time.Since(c.start))
}

// fail answers with the error object and, once, logs what the client must not see.
func (s *Server) fail(c *call, err error) {
	e := httpx.Failure(c.ctx(), err)
	c.err = err
	c.limiter.AbandonBody(c.w, c.r, e)
	if after := e.RetryAfterSeconds(); after != "" {
		c.w.Header().Set("Retry-After", after)
	}
	detail := ""
	if s.app.Config().ServiceSettings.EnableDeveloper && e.Kind != muster.Internal {
		detail = e.Error()
	}
	c.writeError(e, detail, c.who.RequestID)
}
