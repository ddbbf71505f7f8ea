package api

import (
	"crypto/subtle"
	"net/http"

	"muster"
	"muster/internal/server/httpx"
)

var errNoSession = muster.E(muster.Unauthenticated, "api.context.session_expired.app_error")

// authenticate finds who asks. A route that is open goes on without a session.
func (c *call) authenticate() error {
	if c.local {
		c.who.Session = &muster.Session{Local: true}
		return nil
	}
	token, fromCookie := httpx.Token(c.r)
	if token == "" {
		if c.r.URL.RawQuery != "" && c.route.access == signedIn && c.r.URL.Query().Has("access_token") {
			// Tokens in addresses end up in logs: a header is the place for them.
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
	if fromCookie && !c.provesOrigin(session) {
		c.foreign = true
		return c.needSession()
	}
	c.who.Session, c.who.User, c.token = session, user, token
	return c.admit()
}

// admit keeps who has yet to set up a second factor, or to accept the terms of service, from all that doing it does not need. Enrolling comes first.
func (c *call) admit() error {
	id := c.param("user_id")
	own := id == "" || id == "me" || id == c.who.ID() // others' accounts are no part of it
	if own && c.route.enrol {
		return nil
	}
	err := c.services.Auth.RequireMfaEnrolment(c.who)
	if err == nil && (!own || !c.route.terms) {
		err = c.services.Auth.RequireTermsAccepted(c.ctx(), c.who)
	}
	if muster.IsKind(err, muster.Forbidden) && c.route.access == open {
		c.who.Session, c.who.User = nil, nil // as for anybody
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

// provesOrigin tells whether a write that a cookie carries was made by our own client and not by another site:
// it repeats the session's CSRF token or, unless that is enforced, carries a header that a foreign form can't set, or the browser's word that a page of
// ours sent it.
func (c *call) provesOrigin(s *muster.Session) bool {
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

// userID is the path's user id with "me" spelled out; kind Invalid when it has not the form of an id.
func (c *call) userID() (string, error) { return c.idParam("user_id") }

func (c *call) idParam(name string) (string, error) {
	id := c.param(name)
	if id == "me" && name == "user_id" {
		id = c.who.ID() // "" over the local socket, where nobody is "me"
	}
	if !muster.ValidID(id) {
		return "", muster.InvalidURLParam(name)
	}
	return id, nil
}
