// Package edge is what the HTTP edges (API, WebSocket, pages) have in common: who asks, from where, by which token, and how often.
package edge

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"muster"
	"muster/internal/app"
)

// NewCaller is who makes a request, before it is known whether a session comes along.
func NewCaller(a *app.App, r *http.Request) *app.Caller {
	return &app.Caller{
		IP: clientIP(r, a.Config().ServiceSettings.TrustedProxyIPHeader), UserAgent: r.UserAgent(), RequestID: muster.NewID(), Path: r.URL.Path,
	}
}

// clientIP is the address of who asks; headers count only where TrustedProxyIPHeader names them.
func clientIP(r *http.Request, trusted []string) string {
	for _, name := range trusted {
		first, _, _ := strings.Cut(r.Header.Get(name), ",")
		if ip, err := netip.ParseAddr(strings.TrimSpace(first)); err == nil {
			return ip.Unmap().String()
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Token finds the session token: the Authorization header first, then the cookie. Never the address, where logs would keep it.
func Token(r *http.Request) (token string, fromCookie bool) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, value, _ := strings.Cut(h, " ")
		if strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "token") {
			return strings.TrimSpace(value), false
		}
	}
	token = CookieToken(r)
	return token, token != ""
}

// overTLS tells whether the client speaks TLS, perhaps to a proxy before us.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// StrictTransport has browsers come back over TLS only, where the settings say so.
func StrictTransport(h http.Header, c muster.ServiceSettings) {
	if c.TLSStrictTransport {
		h.Set("Strict-Transport-Security", "max-age="+strconv.FormatInt(c.TLSStrictTransportMaxAge, 10))
	}
}
