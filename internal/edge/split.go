package edge

import (
	"net/http"
	"strings"
)

// Split gives what is below /api to the API and everything else to the pages. net/http's ServeMux would redirect paths that are not clean, which the API
// answers itself.
func Split(api, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			api.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
