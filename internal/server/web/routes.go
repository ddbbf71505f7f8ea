package web

import (
	"net/http"
	"slices"

	"muster/internal/core"
	"muster/internal/server/httpx"
)

// access is who may open a page.
type access uint8

const (
	anyone        access = iota // with a session or without
	signedInOnly                // anybody else goes to sign-in first, and comes back
	signedOutOnly               // anybody else is sent to where sign-in leads
)

// route is one line of the table: what is at a path. A GET changes nothing, whatever its address says: programs open the links of mails too.
type route struct {
	path            string // below the site's own, without a slash at its end
	get             func(*pageRequest) error
	post            func(*pageRequest) error
	access          access
	allowUnenrolled bool                                     // open to who has yet to set up the second factor that the settings ask for
	limit           func(*httpx.Limiter, *core.Caller) error // holds its form to what a network may ask for, nil for nothing: anybody can have the work done
	file            string                                   // field of the file that the form may have; such a form is multipart, its file comes last
}

// nowhere is the route of paths that have none.
var noRoute route

func (r *route) handler(method string) func(*pageRequest) error {
	switch method {
	case http.MethodGet, http.MethodHead:
		return r.get
	case http.MethodPost:
		return r.post
	}
	return nil
}

// allow names the methods that the route takes, for the Allow header.
func (r *route) allow() string {
	switch {
	case r.get == nil:
		return "POST"
	case r.post == nil:
		return "GET, HEAD"
	}
	return "GET, HEAD, POST"
}

// routes is the table of all pages.
func routes() []route { return slices.Concat(publicRoutes, accountRoutes) }

var publicRoutes = []route{
	{path: "/", get: home},
	{path: loginPage, get: showLogin, post: login, access: signedOutOnly, limit: (*httpx.Limiter).AllowLogin},
	{path: "/logout", post: logout, access: signedInOnly, allowUnenrolled: true},
	{path: signupPage, get: showSignup, post: signup, limit: (*httpx.Limiter).AllowLogin},
	{path: "/should_verify_email", get: showResend, post: resendVerification, allowUnenrolled: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/do_verify_email", get: showVerify, post: verifyEmail, allowUnenrolled: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/reset_password", get: showResetRequest, post: requestReset, allowUnenrolled: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/reset_password_complete", get: showReset, post: resetPassword, allowUnenrolled: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/unlock", get: showUnlock, post: unlock, allowUnenrolled: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/terms", get: showTerms, post: acceptTerms, allowUnenrolled: true},
	{path: "/password_strength", post: passwordStrength, allowUnenrolled: true, limit: (*httpx.Limiter).AllowEstimate},
}

func home(req *pageRequest) error {
	if req.signedIn() {
		return req.redirectToPage(accountPage)
	}
	return req.redirectToPage(loginPage)
}
