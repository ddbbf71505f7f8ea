package api

import (
	"crypto/subtle"
	"net/http"

	"muster"
	"muster/internal/server/httpx"
)

var errNoSession = muster.E(muster.Unauthenticated, "api.context.session_expired.app_error")

// authenticate identifies the caller. On open routes, a request without a valid session continues anonymously.
func (c *call) authenticate() error {
	if c.local {
		c.who.Session = &muster.Session{Local: true}
		return nil
	}
	token, fromCookie := httpx.Token(c.r)
	if token == "" {
		if c.r.URL.RawQuery != "" && c.route.access == signedIn && c.r.URL.Query().Has("access_token") {
			// Tokens in URLs end up in logs. They belong in a header.
			return muster.E(muster.Unauthenticated, "api.context.token_provided.app_error")
		}
		return c.needSession()
	}
	session, user, err := c.services.Auth.Authenticate(c.ctx(), token)
	if muster.IsKind(err, muster.Unauthenticated) {
		if c.route.access == signedIn {
			c.cookies.ClearToken(c.w)
		}
		return c.needSession()
	}
	if err != nil {
		return err
	}
	if fromCookie && !c.passesCSRFCheck(session) {
		c.failedCSRF = true
		return c.needSession()
	}
	c.who.Session, c.who.User, c.token = session, user, token
	return c.requireSetup()
}

// requireSetup returns an error if the caller must set up a second factor, or accept the terms of service, before using the route. The second
// factor is required first.
func (c *call) requireSetup() error {
	id := c.param("user_id")
	own := id == "" || id == "me" || id == c.who.ID() // setup doesn't involve other accounts
	if own && c.route.beforeMFA {
		return nil
	}
	err := c.services.Auth.RequireMfaEnrolment(c.who)
	if err == nil && (!own || !c.route.beforeTerms) {
		err = c.services.Auth.RequireTermsAccepted(c.ctx(), c.who)
	}
	if muster.IsKind(err, muster.Forbidden) && c.route.access == open {
		c.who.Session, c.who.User = nil, nil // continue anonymously
		return nil
	}
	return err
}

func (c *call) needSession() error {
	if c.route.access == signedIn {
		return errNoSession
	}
	return nil
}

// passesCSRFCheck reports whether a request authenticated by a cookie is safe from cross-site request forgery: it is not a write, or it repeats the
// session's CSRF token. Unless the settings are strict, X-Requested-With, which other sites can't set, or an Origin of ours is enough.
func (c *call) passesCSRFCheck(s *muster.Session) bool {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	given := c.r.Header.Get("X-CSRF-Token")
	if given != "" && subtle.ConstantTimeCompare([]byte(given), []byte(s.CSRF())) == 1 {
		return true
	}
	strict := c.services.Core.Config().ServiceSettings.ExperimentalStrictCSRFEnforcement
	return !strict && (isXHR(c.r) || c.limiter.FromOwnPage(c.r))
}

func isXHR(r *http.Request) bool { return r.Header.Get("X-Requested-With") == "XMLHttpRequest" }

// userID returns the user id of the path, with "me" resolved. The error is of kind Invalid if it is not a valid id.
func (c *call) userID() (string, error) { return c.idParam("user_id") }

func (c *call) idParam(name string) (string, error) {
	id := c.param(name)
	if id == "me" && name == "user_id" {
		id = c.who.ID() // "" over the local socket, where there is no "me"
	}
	if !muster.ValidID(id) {
		return "", muster.InvalidURLParam(name)
	}
	return id, nil
}
