package httpx

import (
	"net/http"
	"strings"

	"muster/internal/app"
)

// NewRouter gives what is below /api to the API and everything else to the pages. Both may be asked for below the path of SiteURL, which a proxy before us
// strips or not. net/http's ServeMux would redirect paths that are not clean, which the API answers itself.
func NewRouter(a *app.App, api, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base, _ := a.CookieScope()
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
