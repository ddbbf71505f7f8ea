// Package api serves version 4 of the HTTP API. A handler parses the request, calls one use case and returns a value or an error. Server does the
// rest for all of them: sessions, CSRF, limits, request ids, the log, metrics and error responses.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/server/httpx"
	"muster/internal/services"
)

// Prefix is the path prefix of the API.
const Prefix = "/api/v4"

// Options configure a Server. Services is required.
type Options struct {
	Services *services.Services
	Log      *slog.Logger
	Record   httpx.Recorder // nil for none
	Version  string         // of Muster
	Socket   http.Handler   // serves /websocket; nil for none
	Local    bool           // serve the local socket, on which every caller is an administrator
	Limiter  *httpx.Limiter // shared with other servers; nil for a new one
}

// Server is the API's http.Handler.
type Server struct {
	services *services.Services
	log      *slog.Logger
	record   httpx.Recorder
	chain    *httpx.Chain
	version  string
	socket   http.Handler
	local    bool
	root     node
	limiter  *httpx.Limiter
}

// New returns a Server with the given options.
func New(o Options) *Server {
	s := &Server{
		services: o.Services, log: o.Log, record: o.Record, version: config.ReferenceVersion + "." + o.Version, socket: o.Socket, local: o.Local,
		limiter: o.Limiter,
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.limiter == nil {
		s.limiter = httpx.NewLimiter(s.services, s.log)
	}
	if s.record == nil {
		s.record = func(string, string, int, time.Duration) {}
	}
	s.chain = httpx.NewChain("request", s.limiter, s.log, s.record)
	for _, r := range routes() {
		if r.servedOn(o.Local) {
			s.root.add(&r)
		}
	}
	return s
}

// call is a request and what is known about it.
type call struct {
	w          http.ResponseWriter
	r          *http.Request
	services   *services.Services
	limiter    *httpx.Limiter
	who        *core.Caller
	token      string // session or access token of the request
	cookies    httpx.Cookies
	route      *route
	values     [maxParams]string
	local      bool // received on the local socket
	failedCSRF bool // the request has a session cookie but failed the CSRF check
}

func (c *call) ctx() context.Context { return c.r.Context() }

// param returns a path parameter, or "" if the route doesn't have it.
func (c *call) param(name string) string {
	for i, p := range c.route.params {
		if p == name {
			return c.values[i]
		}
	}
	return ""
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.handleCORS(w, r) {
		return
	}
	start := time.Now()
	c := &call{r: r, services: s.services, limiter: s.limiter, local: s.local}
	if s.socket != nil && strings.TrimSuffix(r.URL.Path, "/") == Prefix+"/websocket" {
		s.socket.ServeHTTP(w, r)
		return
	}
	path, inside := strings.CutPrefix(r.URL.EscapedPath(), Prefix)
	if inside {
		c.route = s.root.find(r.Method, path, &c.values)
	}
	if c.route == nil {
		s.notFound(w, start)
		return
	}
	x := s.chain.NewExchange(w, r)
	x.Method, x.Route = c.route.method, c.route.path
	w.Header()["X-Version-Id"] = []string{s.version}
	c.w, c.who, c.cookies = x, x.Caller, s.limiter.NewCookies(r)
	s.chain.Serve(x, func() error { return s.serve(c) }, func(e *muster.Error) { s.writeError(c, e) })
}

func (s *Server) serve(c *call) error {
	if c.route.limit == everybody {
		if err := s.limiter.AllowLogin(c.who); err != nil {
			return err
		}
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if c.route.limit == anonymous && c.who.Session == nil {
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
	return c.respond(answer)
}

// notFound responds to requests without a route. Like the reference server's, the response has no request id.
func (s *Server) notFound(w http.ResponseWriter, start time.Time) {
	body := httpx.NewErrorBody(muster.E(muster.NotFound, "api.context.404.app_error"), "")
	httpx.WriteError(w, body)
	s.record("other", "", body.StatusCode, time.Since(start))
}

// writeError writes an error response. With EnableDeveloper it includes the cause, except for errors of kind Internal.
func (s *Server) writeError(c *call, e *muster.Error) {
	body := httpx.NewErrorBody(e, c.who.RequestID)
	if s.services.Core.Config().ServiceSettings.EnableDeveloper && e.Kind != muster.Internal {
		body.DetailedError = e.Error()
	}
	httpx.WriteError(c.w, body)
}
