package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	returnParam = "redirect_to" // where to go after login; also set by API clients that send users here
	returnMax   = 2048          // bytes
)

// localURL returns asked if it is a path on this origin, otherwise "". Browsers may take "//host", "/\host" and URLs with
// tabs or line breaks for other sites (WHATWG URL, 4.4), so it refuses them all.
func localURL(asked string) string {
	if len(asked) > returnMax || !utf8.ValidString(asked) || strings.ContainsFunc(asked, unsafeInURL) {
		return ""
	}
	path := asked
	if end := strings.IndexAny(asked, "?#"); end >= 0 {
		path = asked[:end]
	}
	if !strings.HasPrefix(path, "/") || strings.Contains(path, "//") {
		return ""
	}
	if _, err := url.Parse(asked); err != nil {
		return ""
	}
	return escapeNonASCII(asked)
}

// returnTo returns the local URL that the form or the query asks to be sent to afterwards, "" for none.
func (req *pageRequest) returnTo() string {
	return localURL(cmp.Or(req.form.Get(returnParam), req.query(returnParam)))
}

// escapeNonASCII percent-encodes a URL for a header (RFC 3986, 2.5; RFC 9110, 5.5).
func escapeNonASCII(address string) string {
	var b strings.Builder
	for _, r := range address {
		if r <= unicode.MaxASCII {
			b.WriteRune(r)
		} else {
			b.WriteString(url.QueryEscape(string(r)))
		}
	}
	return b.String()
}

func unsafeInURL(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }

// redirectToPage redirects to a page of this site.
func (req *pageRequest) redirectToPage(page string) error { return req.redirect(req.base + page) }

// redirect redirects to a path on this origin; the browser follows with GET.
func (req *pageRequest) redirect(path string) error {
	req.w.Header().Set("Location", path)
	req.w.WriteHeader(http.StatusSeeOther)
	return nil
}
