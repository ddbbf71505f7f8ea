// Package web serves the pages that people meet in a browser: sign-in, the links of mails, the own account. A page's handler reads the request, calls
// one use case and shows a page, goes elsewhere or returns an error; everything around that happens here, once. No page needs JavaScript.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"muster"
	"muster/internal/app"
	"muster/internal/config"
	"muster/internal/server/httpx"
)

// Recorder is told of every request served, for metrics. route is the page's path, "" for none.
type Recorder func(method, route string, status int, took time.Duration)

// Options are what a Handler works with; App is required.
type Options struct {
	App     *app.App
	Log     *slog.Logger
	Record  Recorder
	Limiter *httpx.Limiter // shared with the other edges; nil for one of its own
}

// Handler serves the pages.
type Handler struct {
	app     *app.App
	log     *slog.Logger
	record  Recorder
	routes  map[string]*route
	limiter *httpx.Limiter
}

// New builds the pages over the use cases.
func New(o Options) *Handler {
	h := &Handler{app: o.App, log: o.Log, record: o.Record, routes: map[string]*route{}, limiter: o.Limiter}
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.limiter == nil {
		h.limiter = httpx.NewLimiter(h.app, h.log)
	}
	if h.record == nil {
		h.record = func(string, string, int, time.Duration) {}
	}
	for _, r := range routes() {
		h.routes[r.path] = &r
	}
	return h
}

// visit is one request on its way to its page.
type pageRequest struct {
	app     *app.App
	limiter *httpx.Limiter
	log     *slog.Logger
	w       http.ResponseWriter
	r       *http.Request
	who     *app.Caller
	cookies httpx.Cookies
	base    string // path that the site lives at, without a slash at its end: "" or "/muster"
	path    string // below base
	route   *route
	form    url.Values // what was posted
	file    io.Reader  // the file that was posted, where the route takes one; nil for none
	csrf    string     // of this visitor's forms, as far as it is known
	status  int
	err     error
}

func (req *pageRequest) ctx() context.Context { return req.r.Context() }

// config is the settings in force.
func (req *pageRequest) config() *config.Config { return req.app.Config() }

// site is the site's name.
func (req *pageRequest) site() string { return req.config().TeamSettings.SiteName }

// query is a parameter of the address, "" for none.
func (req *pageRequest) query(name string) string { return req.r.URL.Query().Get(name) }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	req := &pageRequest{app: h.app, limiter: h.limiter, log: h.log, w: w, r: r, who: h.limiter.NewCaller(r), cookies: h.limiter.NewCookies(r), route: &noRoute}
	req.cookies.SameSite = http.SameSiteLaxMode
	req.base, req.path = splitPath(h.app, r.URL.Path)
	req.who.Path = req.base + req.path // without the slashes that somebody may have put around it
	header := w.Header()
	httpx.StrictTransport(header, h.app.Config().ServiceSettings)
	header.Set("X-Request-Id", req.who.RequestID)
	setSecurityHeaders(header)
	if name, inside := strings.CutPrefix(req.path, staticPath); inside {
		serveStatic(w, r, name)
		return
	}
	header.Set("Cache-Control", "no-store")
	if found := h.routes[req.path]; found != nil {
		req.route = found
	}
	defer h.finish(req, start)
	if req.err = h.limiter.BeginRequest(req.who); req.err == nil {
		defer h.limiter.EndRequest(req.who)
		req.err = h.serve(req)
	}
	if req.err != nil {
		req.serveError(req.err)
	}
}

// below splits a request's path at where the site lives: SiteURL may have a path, which a proxy before us strips or not.
func splitPath(a *app.App, path string) (base, rest string) {
	base, _ = a.CookieScope()
	base = strings.TrimSuffix(base, "/")
	if cut, ok := strings.CutPrefix(path, base); ok && (cut == "" || cut[0] == '/') {
		path = cut
	}
	return base, "/" + strings.Trim(path, "/")
}

// secure keeps a page from running, loading or being framed by anything that is not of this site (W3C Content Security Policy Level 3).
func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin") // the addresses of mailed links have tokens in them
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

func (h *Handler) serve(req *pageRequest) error {
	if req.route.limit != nil && req.r.Method == http.MethodPost {
		if err := req.route.limit(h.limiter, req.who); err != nil {
			return err
		}
	}
	if err := req.authenticate(); err != nil {
		return err
	}
	if err := h.limiter.Allow(req.r, req.who); err != nil {
		return err
	}
	if err := checkText(req.r.URL.Query()); err != nil {
		return err
	}
	handle := req.route.handler(req.r.Method)
	switch {
	case req.route == &noRoute:
		return errNoPage
	case handle == nil:
		return req.methodNotAllowed()
	}
	if req.r.Method == http.MethodPost {
		if err := req.checkOrigin(); err != nil {
			return err
		}
	}
	to, err := req.redirectTarget()
	if err != nil {
		return err
	}
	if to != "" {
		return req.redirect(to)
	}
	if req.r.Method == http.MethodPost {
		if err := req.readForm(); err != nil {
			return err
		}
	}
	return handle(req)
}

// method is how a request's method is counted: a made-up one must not be a figure of its own.
func metricMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return m
	}
	return "other"
}

// finish catches a panic, logs the request and counts it.
func (h *Handler) finish(req *pageRequest, start time.Time) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel itself, as net/http compares it
			panic(p)
		}
		h.log.Error("panic", "request_id", req.who.RequestID, "panic", p, "stack", string(debug.Stack()))
		if req.status == 0 {
			req.serveError(muster.E(muster.Internal, "api.context.internal.app_error"))
		}
	}
	took := time.Since(start)
	h.record(metricMethod(req.r.Method), req.route.path, req.status, took)
	httpx.Served{What: "page", Who: req.who, Method: req.r.Method, Route: req.route.path, Status: req.status, Took: took, Err: req.err}.Log(req.ctx(), h.log)
}
