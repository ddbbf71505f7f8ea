// Package httpx is what the HTTP edges (API, WebSocket, pages) have in common: the server and its deadlines, who asks, from where, by which token, and
// how much one network may ask for.
package httpx

import (
	"net/http"
	"strconv"
	"strings"

	"muster/internal/config"
)

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

// StrictTransport has browsers come back over TLS only, where the settings say so.
func StrictTransport(h http.Header, c config.ServiceSettings) {
	if c.TLSStrictTransport {
		h.Set("Strict-Transport-Security", "max-age="+strconv.FormatInt(c.TLSStrictTransportMaxAge, 10))
	}
}
