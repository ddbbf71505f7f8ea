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
func returnTo(asked string) string {
	if len(asked) > returnMax || !utf8.ValidString(asked) || !strings.HasPrefix(asked, "/") || strings.ContainsFunc(asked, unsafeInAddress) {
		return ""
	}
	u, err := url.Parse(asked)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || strings.Contains(u.EscapedPath(), "//") {
		return ""
	}
	return u.String()
}

func unsafeInAddress(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }

// goTo sends the browser on to a page of ours, with GET.
func (v *visit) goTo(page string) error { return v.leaveFor(v.base + page) }

// leaveFor sends the browser on to a path of this origin, with GET.
func (v *visit) leaveFor(path string) error {
	v.w.Header().Set("Location", path)
	v.status = http.StatusSeeOther
	v.w.WriteHeader(v.status)
	return nil
}

// goBack sends the browser to where it came from to sign in, or to the account.
func (v *visit) goBack(to string) error { return v.leaveFor(cmp.Or(returnTo(to), v.base+accountPage)) }
