package httpx

import (
	"net/http"
	"strings"

	"muster/internal/services"
)

// NewRouter returns a handler that passes requests below /api to api and all others to pages. Both are also served below the path of SiteURL, which a
// proxy may or may not strip. It is no http.ServeMux because that redirects paths that are not clean, which the API answers itself.
func NewRouter(a *services.Services, api, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base, _ := a.Core.CookieScope()
		base = strings.TrimSuffix(base, "/")
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/"):
			api.ServeHTTP(w, r)
		case base != "" && strings.HasPrefix(r.URL.Path, base+"/api/"):
			http.StripPrefix(base, api).ServeHTTP(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	})
}
