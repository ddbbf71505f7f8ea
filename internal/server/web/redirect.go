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
	returnParam = "redirect_to" // where sign-in leads; clients of the API send people here with it
	returnMax   = 2048          // bytes
)

// returnTo is the address that people asked to be sent to, if it is a page of this very origin, else "". Browsers take "//host", "/\host" and what has
// tabs or line breaks in it for other sites (WHATWG URL, 4.4), so none of these pass.
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

// returnTo is where this request asks to be sent to afterwards, by its form or its address; "" for nowhere, or for elsewhere than here.
func (req *pageRequest) returnTo() string {
	return localURL(cmp.Or(req.form.Get(returnParam), req.query(returnParam)))
}

// inASCII is an address as headers have it (RFC 3986, 2.5; RFC 9110, 5.5).
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

// goTo sends the browser on to a page of ours, with GET.
func (req *pageRequest) redirectToPage(page string) error { return req.redirect(req.base + page) }

// leaveFor sends the browser on to a path of this origin, with GET.
func (req *pageRequest) redirect(path string) error {
	req.w.Header().Set("Location", path)
	req.w.WriteHeader(http.StatusSeeOther)
	return nil
}
