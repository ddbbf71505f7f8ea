package httpx

import (
	"net/http"
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

// maxAge is the lifetime of the cookie of a session that never expires; browsers allow no more (RFC 6265bis).
const maxAge = 400 * 24 * time.Hour

// CookieToken returns the session token of a request's cookie, "" without one.
func CookieToken(r *http.Request) string {
	if ck, err := r.Cookie(cookieToken); err == nil {
		return ck.Value
	}
	return ""
}

// Cookies sets cookies with the path and domain of the site. They are Secure if the site's URL or the client's connection uses TLS.
type Cookies struct {
	SameSite     http.SameSite // 0 leaves the attribute out
	path, domain string
	secure       bool
	devices      []string // device tokens that the browser sent
}

// NewCookies returns a Cookies for the response to r. A browser does not send these cookies with requests from other sites, unless the settings name sites
// that may use them. For clients that are no browsers the attribute SameSite is left out, as the reference server does.
func (l *Limiter) NewCookies(r *http.Request) Cookies {
	s := l.services.Core.Config().ServiceSettings
	path, domain := l.services.Core.CookieScope()
	c := Cookies{path: path, domain: domain, devices: deviceCookie(r), secure: strings.HasPrefix(strings.ToLower(s.SiteURL), "https:") || l.overTLS(r)}
	if s.AllowCorsFrom == "" && (s.SiteURL != "" || fromBrowser(r)) {
		c.SameSite = http.SameSiteLaxMode
	}
	return c
}

// SetSession sets the cookies of a new session.
func (c Cookies) SetSession(w http.ResponseWriter, s *muster.Session) {
	c.SetToken(w, s.Token, s.ExpiresAt)
	c.set(w, &http.Cookie{Name: cookieUser, Value: s.UserID}, s.ExpiresAt)
	c.set(w, &http.Cookie{Name: cookieCSRF, Value: s.CSRF()}, s.ExpiresAt)
}

// SetToken sets the cookie of a session's token until expiresAt (Unix ms, 0: never).
func (c Cookies) SetToken(w http.ResponseWriter, token string, expiresAt int64) {
	c.SetSecret(w, cookieToken, token, expiresAt)
}

// SetSecret sets a cookie that scripts can't read until expiresAt (Unix ms, 0: never).
func (c Cookies) SetSecret(w http.ResponseWriter, name, value string, expiresAt int64) {
	c.set(w, &http.Cookie{Name: name, Value: value, HttpOnly: true}, expiresAt)
}

func (c Cookies) set(w http.ResponseWriter, ck *http.Cookie, expiresAt int64) {
	life := maxAge
	if expiresAt > 0 {
		life = max(time.Until(time.UnixMilli(expiresAt)), time.Second)
	}
	ck.MaxAge, ck.Expires = int(life/time.Second), time.Now().Add(life)
	c.send(w, ck)
}

// ClearToken deletes the cookie of a session's token.
func (c Cookies) ClearToken(w http.ResponseWriter) { c.Clear(w, cookieToken) }

// ClearSession deletes all cookies of a session.
func (c Cookies) ClearSession(w http.ResponseWriter) {
	c.ClearToken(w)
	for _, name := range []string{cookieUser, cookieCSRF} {
		c.send(w, &http.Cookie{Name: name, MaxAge: -1})
	}
}

// Clear deletes a cookie that scripts can't read.
func (c Cookies) Clear(w http.ResponseWriter, name string) {
	c.send(w, &http.Cookie{Name: name, MaxAge: -1, HttpOnly: true})
}

// SetTemporary sets a cookie that scripts can't read until the browser is closed.
func (c Cookies) SetTemporary(w http.ResponseWriter, name, value string) {
	c.send(w, &http.Cookie{Name: name, Value: value, HttpOnly: true})
}

func (c Cookies) send(w http.ResponseWriter, ck *http.Cookie) {
	ck.Path, ck.Domain, ck.Secure, ck.SameSite = c.path, c.domain, c.secure, c.SameSite
	http.SetCookie(w, ck)
}
