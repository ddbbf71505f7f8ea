package api

import (
	"net/http"
	"slices"
	"strings"

	"muster/internal/server/httpx"
)

// Methods and headers allowed for the origins in AllowCorsFrom.
const (
	corsMethods = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
	corsHeaders = "Authorization, Content-Type, If-Match, If-None-Match, X-CSRF-Token, X-Device-Token, X-Requested-With"
	corsExposed = "Etag, Token, X-Device-Token, X-Request-Id, X-Version-Id"
	corsMaxAge  = "86400" // seconds
)

// handleCORS sets Strict-Transport-Security and the CORS headers (Fetch standard). It reports whether the request was a preflight request, to
// which it has responded.
func (s *Server) handleCORS(w http.ResponseWriter, r *http.Request) (answered bool) {
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

// originAllowed reports whether a space-separated list contains the origin, or "*". Credentials are never allowed, so pages of other origins need
// a token.
func originAllowed(list, origin string) bool {
	allowed := strings.Fields(list)
	return slices.Contains(allowed, "*") || slices.ContainsFunc(allowed, func(o string) bool {
		return strings.EqualFold(strings.TrimSuffix(o, "/"), origin)
	})
}
