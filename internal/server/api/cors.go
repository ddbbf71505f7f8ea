package api

import (
	"net/http"
	"slices"
	"strings"

	"muster/internal/server/httpx"
)

// Headers and methods that pages of other origins may use, where AllowCorsFrom names them.
const (
	corsMethods = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
	corsHeaders = "Authorization, Content-Type, If-Match, If-None-Match, X-CSRF-Token, X-Device-Token, X-Requested-With"
	corsExposed = "Etag, Token, X-Device-Token, X-Request-Id, X-Version-Id"
	corsMaxAge  = "86400" // seconds that a browser may remember the answer
)

// edgeHeaders sets what every answer carries by the settings. It gives true when the request was a browser's
// question whether it may ask, and is answered.
func (s *Server) edgeHeaders(w http.ResponseWriter, r *http.Request) (answered bool) {
	c := s.services.Core.Config().ServiceSettings
	httpx.StrictTransport(w.Header(), c)
	origin := r.Header.Get("Origin")
	if c.AllowCorsFrom == "" || origin == "" || !originAllowed(c.AllowCorsFrom, origin) {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsExposed)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// originAllowed holds an origin against a list separated by blanks; "*" is every origin. Cookies are never
// allowed along, so a foreign page signs in with a token of its own or not at all.
func originAllowed(list, origin string) bool {
	allowed := strings.Fields(list)
	return slices.Contains(allowed, "*") || slices.ContainsFunc(allowed, func(o string) bool {
		return strings.EqualFold(strings.TrimSuffix(o, "/"), origin)
	})
}
