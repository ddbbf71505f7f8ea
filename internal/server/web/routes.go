package web

import (
	"net/http"
	"slices"

	"muster/internal/core"
	"muster/internal/server/httpx"
)

// access says who may open a page.
type access uint8

const (
	anyone        access = iota // with or without a session
	signedInOnly                // others are redirected to login, and back afterwards
	signedOutOnly               // others are redirected to where login would lead
)

// route is one entry of the route table. A GET never changes anything, because mail scanners open mailed links, too.
type route struct {
	path            string // below the site's path, without a trailing slash
	get             func(*pageRequest) error
	post            func(*pageRequest) error
	access          access
	allowUnenrolled bool                                     // open to users who must still set up two-step sign-in
	limit           func(*httpx.Limiter, *core.Caller) error // limits the form by network, nil for no limit
	file            string                                   // name of the form's file field, "" for none; such a form is multipart and its file comes last
}

// noRoute is the route of unknown paths.
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

// allow returns the value of the Allow header.
func (r *route) allow() string {
	switch {
	case r.get == nil:
		return "POST"
	case r.post == nil:
		return "GET, HEAD"
	}
	return "GET, HEAD, POST"
}

// routes returns the table of all pages.
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
