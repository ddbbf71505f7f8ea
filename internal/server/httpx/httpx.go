// Package httpx owns what the API, the WebSocket and the pages share as HTTP servers: the server and its deadlines, the chain around every request
// (request ID, recovery from panics, access log, error answers), cookies, and the limits on what one network may ask for.
//
// Its security rules:
//
//   - A client's address comes from a forwarding header only if a trusted proxy added it (clientip.go).
//   - A session token is read from a header or a cookie, never from the URL, which logs would keep.
//   - Log lines name the route and not the URL: links sent by mail carry tokens.
//   - The cause of an error goes to the log, never to the client.
//   - Each request, body, connection and WebSocket counts against the client's network before any work is done for it.
package httpx

import (
	"net/http"
	"strconv"
	"strings"

	"muster/internal/config"
)

// Token returns the session token of a request: that of the Authorization header or else the cookie's. It never reads the URL, which logs would keep.
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

// StrictTransport sets Strict-Transport-Security (RFC 6797) if the settings ask for it.
func StrictTransport(h http.Header, c config.ServiceSettings) {
	if c.TLSStrictTransport {
		h.Set("Strict-Transport-Security", "max-age="+strconv.FormatInt(c.TLSStrictTransportMaxAge, 10))
	}
}
