// Package web serves the pages for browsers: login, mailed links and the user's own account. A page's handler parses the
// request, calls one use case and renders a page, redirects or returns an error. ServeHTTP does everything else, once for
// all pages. No page needs JavaScript.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/server/httpx"
	"muster/internal/services"
)

// Options configure a Handler; App is required.
type Options struct {
	Services *services.Services
	Log      *slog.Logger
	Record   httpx.Recorder // nil for none
	Limiter  *httpx.Limiter // shared with the other servers; nil for its own
}

// Handler serves the pages.
type Handler struct {
	services *services.Services
	log      *slog.Logger
	chain    *httpx.Chain
	routes   map[string]*route
	limiter  *httpx.Limiter
}

// New returns a Handler for the use cases.
func New(o Options) *Handler {
	h := &Handler{services: o.Services, log: o.Log, routes: map[string]*route{}, limiter: o.Limiter}
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.limiter == nil {
		h.limiter = httpx.NewLimiter(h.services, h.log)
	}
	h.chain = httpx.NewChain("page", h.limiter, h.log, o.Record)
	for _, r := range routes() {
		h.routes[r.path] = &r
	}
	return h
}

// pageRequest is one request for a page.
type pageRequest struct {
	services *services.Services
	limiter  *httpx.Limiter
	log      *slog.Logger
	w        http.ResponseWriter
	r        *http.Request
	who      *core.Caller
	cookies  httpx.Cookies
	base     string // path of the site without a trailing slash: "" or "/muster"
	path     string // below base
	route    *route
	form     url.Values // the submitted form
	file     io.Reader  // the submitted file, nil for none
	csrf     string     // the CSRF token, once known
	exchange *httpx.Exchange
}

func (req *pageRequest) ctx() context.Context { return req.r.Context() }

// config returns the current settings.
func (req *pageRequest) config() *config.Config { return req.services.Core.Config() }

// site returns the site's name.
func (req *pageRequest) site() string { return req.config().TeamSettings.SiteName }

// query returns a parameter of the URL, "" for none.
func (req *pageRequest) query(name string) string { return req.r.URL.Query().Get(name) }

// ServeHTTP serves one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := h.chain.NewExchange(w, r)
	req := &pageRequest{services: h.services, limiter: h.limiter, log: h.log, w: x, r: r, who: x.Caller, exchange: x, cookies: h.limiter.NewCookies(r), route: &noRoute}
	req.cookies.SameSite = http.SameSiteLaxMode
	req.base, req.path = splitPath(h.services, r.URL.Path)
	req.who.Path = req.base + req.path // without extra slashes at its ends
	header := x.Header()
	httpx.StrictTransport(header, h.services.Core.Config().ServiceSettings)
	setSecurityHeaders(header)
	if name, inside := strings.CutPrefix(req.path, staticPath); inside {
		serveStatic(w, r, name)
		return
	}
	header.Set("Cache-Control", "no-store")
	if found := h.routes[req.path]; found != nil {
		req.route = found
	}
	x.Method, x.Route = metricMethod(r.Method), req.route.path
	h.chain.Serve(x, func() error { return h.serve(req) }, req.serveError)
}

// splitPath splits a request's path into the site's path, which SiteURL may have and a proxy may strip, and the rest.
func splitPath(a *services.Services, path string) (base, rest string) {
	base, _ = a.Core.CookieScope()
	base = strings.TrimSuffix(base, "/")
	if cut, ok := strings.CutPrefix(path, base); ok && (cut == "" || cut[0] == '/') {
		path = cut
	}
	return base, "/" + strings.Trim(path, "/")
}

// setSecurityHeaders restricts a page to scripts, resources and frames of this site (W3C Content Security Policy Level 3).
func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin") // the URLs of mailed links contain tokens
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

// metricMethod returns the label of a request's method in metrics: a made-up method must not create a new label.
func metricMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return m
	}
	return "other"
}
