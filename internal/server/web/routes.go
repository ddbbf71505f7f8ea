package web

import (
	"net/http"
	"slices"

	"muster/internal/app"
	"muster/internal/server/httpx"
)

// access is who may open a page.
type access uint8

const (
	open      access = iota // with a session or without
	signedIn                // anybody else goes to sign-in first, and comes back
	signedOut               // anybody else is sent to where sign-in leads
)

// route is one line of the table: what is at a path. A GET changes nothing, whatever its address says: programs open the links of mails too.
type route struct {
	path   string // below the site's own, without a slash at its end
	get    func(*visit) error
	post   func(*visit) error
	access access
	enrol  bool                                    // open to who has yet to set up the second factor that the settings ask for
	limit  func(*httpx.Limiter, *app.Caller) error // holds its form to what a network may ask for, nil for nothing: anybody can have the work done
	file   string                                  // field of the file that the form may have; such a form is multipart, its file comes last
}

// nowhere is the route of paths that have none.
var nowhere route

func (r *route) handler(method string) func(*visit) error {
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
	{path: signInPage, get: showSignIn, post: signIn, access: signedOut, limit: (*httpx.Limiter).AllowLogin},
	{path: "/logout", post: signOut, access: signedIn, enrol: true},
	{path: signUpPage, get: showSignUp, post: signUp, limit: (*httpx.Limiter).AllowLogin},
	{path: "/should_verify_email", get: showResend, post: resendVerification, enrol: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/do_verify_email", get: showVerify, post: verifyEmail, enrol: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/reset_password", get: showForgotten, post: sendReset, enrol: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/reset_password_complete", get: showReset, post: resetPassword, enrol: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/unlock", get: showUnlock, post: unlock, enrol: true, limit: (*httpx.Limiter).AllowLogin},
	{path: "/terms", get: showTerms, post: acceptTerms, enrol: true},
	{path: "/password_strength", post: passwordStrength, enrol: true, limit: (*httpx.Limiter).AllowEstimate},
}

func home(v *visit) error {
	if v.signedIn() {
		return v.goTo(accountPage)
	}
	return v.goTo(signInPage)
}
