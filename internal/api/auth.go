package api

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"muster"
)

// Cookie names of the protocol (models.json, Session.cookies).
const (
	cookieToken = "MMAUTHTOKEN"
	cookieUser  = "MMUSERID"
	cookieCSRF  = "MMCSRF"
)

var errNoSession = muster.E(muster.Unauthenticated, "api.context.session_expired.app_error")

// authenticate finds who asks. A route that is open goes on without a session.
func (c *call) authenticate() error {
	if c.local {
		c.who.Session = &muster.Session{Local: true}
		return nil
	}
	token, fromCookie := tokenOf(c.r)
	if token == "" {
		if c.r.URL.RawQuery != "" && c.route.access == signedIn && c.r.URL.Query().Has("access_token") {
			// Tokens in addresses end up in logs: a header is the place for them.
			return muster.E(muster.Unauthenticated, "api.context.token_provided.app_error")
		}
		return c.needSession()
	}
	session, user, err := c.app.Authenticate(c.ctx(), token)
	if muster.IsKind(err, muster.Unauthenticated) {
		if c.route.access == signedIn {
			c.clearCookie()
		}
		return c.needSession()
	}
	if err != nil {
		return err
	}
	if fromCookie && !c.provesOrigin(session) {
		return c.needSession()
	}
	c.who.Session, c.who.User, c.token = session, user, token
	return c.needEnrolment()
}

// needEnrolment keeps who has yet to set up a second factor that the settings ask for from all that setting it up does not need.
func (c *call) needEnrolment() error {
	if id := c.param("user_id"); c.route.enrol && (id == "" || id == "me" || id == c.who.ID()) {
		return nil // for oneself; others' second factors are no part of it
	}
	err := c.app.MustEnrol(c.who)
	if err != nil && c.route.access == open {
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

// tokenOf finds the session token: the Authorization header first, then the cookie.
func tokenOf(r *http.Request) (token string, fromCookie bool) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, value, _ := strings.Cut(h, " ")
		if strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "token") {
			return strings.TrimSpace(value), false
		}
	}
	if ck, err := r.Cookie(cookieToken); err == nil {
		return ck.Value, true
	}
	return "", false
}

// provesOrigin tells whether a write that a cookie carries was made by our own client and not by another site:
// it repeats the session's CSRF token or, unless that is enforced, carries a header that a foreign form can't set.
func (c *call) provesOrigin(s *muster.Session) bool {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	given := c.r.Header.Get("X-CSRF-Token")
	if given != "" && subtle.ConstantTimeCompare([]byte(given), []byte(s.CSRF())) == 1 {
		return true
	}
	strict := c.app.Config().ServiceSettings.ExperimentalStrictCSRFEnforcement
	return !strict && isXHR(c.r)
}

func isXHR(r *http.Request) bool { return r.Header.Get("X-Requested-With") == "XMLHttpRequest" }

// setCookies hands a browser its new session.
func (c *call) setCookies(s *muster.Session) {
	c.setCookie(cookieToken, s.Token, s.ExpiresAt, true)
	c.setCookie(cookieUser, s.UserID, s.ExpiresAt, false)
	c.setCookie(cookieCSRF, s.CSRF(), s.ExpiresAt, false)
}

// sessionForever is the cookie life of a session that never expires: browsers cap it anyway.
const sessionForever = 400 * 24 * time.Hour

// setCookie sets a cookie that ends with the session (expiresAt: Unix ms, 0: never).
func (c *call) setCookie(name, value string, expiresAt int64, httpOnly bool) {
	life := sessionForever
	if expiresAt > 0 {
		life = max(time.Until(time.UnixMilli(expiresAt)), time.Second)
	}
	path, domain := c.app.CookieScope()
	http.SetCookie(c.w, &http.Cookie{
		Name: name, Value: value, Path: path, Domain: domain, MaxAge: int(life / time.Second),
		Expires: time.Now().Add(life), HttpOnly: httpOnly, Secure: c.secure,
	})
}

func (c *call) clearCookie() {
	path, domain := c.app.CookieScope()
	http.SetCookie(c.w, &http.Cookie{Name: cookieToken, Path: path, Domain: domain, MaxAge: -1, HttpOnly: true, Secure: c.secure})
}

// clientIP is the address of who asks; headers count only where TrustedProxyIPHeader names them.
func (s *Server) clientIP(r *http.Request) string {
	for _, name := range s.app.Config().ServiceSettings.TrustedProxyIPHeader {
		first, _, _ := strings.Cut(r.Header.Get(name), ",")
		if ip, err := netip.ParseAddr(strings.TrimSpace(first)); err == nil {
			return ip.Unmap().String()
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

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
