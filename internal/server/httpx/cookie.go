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

// forever is the cookie life of a session that never expires: browsers cap it anyway.
const forever = 400 * 24 * time.Hour

// CookieToken is the session token of a request's cookie, "" without one.
func CookieToken(r *http.Request) string {
	if ck, err := r.Cookie(cookieToken); err == nil {
		return ck.Value
	}
	return ""
}

// Cookies sets cookies for the site: its path and domain, and over TLS only where the site's address or the client's connection says so.
type Cookies struct {
	SameSite     http.SameSite // 0 says nothing about it
	path, domain string
	secure       bool
	devices      []string // device tokens that the browser keeps
}

// NewCookies are the cookies that an answer to r may set. Other sites' pages don't get them sent along, unless the settings name sites that may use
// them. Programs are told nothing about that, as the reference server's recorded answers are.
func (l *Limiter) NewCookies(r *http.Request) Cookies {
	s := l.app.Config().ServiceSettings
	path, domain := l.app.CookieScope()
	c := Cookies{path: path, domain: domain, devices: deviceCookie(r), secure: strings.HasPrefix(strings.ToLower(s.SiteURL), "https:") || l.overTLS(r)}
	if s.AllowCorsFrom == "" && (s.SiteURL != "" || fromBrowser(r)) {
		c.SameSite = http.SameSiteLaxMode
	}
	return c
}

// SetSession hands a browser its new session.
func (c Cookies) SetSession(w http.ResponseWriter, s *muster.Session) {
	c.SetToken(w, s.Token, s.ExpiresAt)
	c.set(w, &http.Cookie{Name: cookieUser, Value: s.UserID}, s.ExpiresAt)
	c.set(w, &http.Cookie{Name: cookieCSRF, Value: s.CSRF()}, s.ExpiresAt)
}

// SetToken hands a browser a session's token until expiresAt (Unix ms, 0: never).
func (c Cookies) SetToken(w http.ResponseWriter, token string, expiresAt int64) {
	c.SetSecret(w, cookieToken, token, expiresAt)
}

// SetSecret sets a cookie that scripts can't read, until expiresAt (Unix ms, 0: never).
func (c Cookies) SetSecret(w http.ResponseWriter, name, value string, expiresAt int64) {
	c.set(w, &http.Cookie{Name: name, Value: value, HttpOnly: true}, expiresAt)
}

func (c Cookies) set(w http.ResponseWriter, ck *http.Cookie, expiresAt int64) {
	life := forever
	if expiresAt > 0 {
		life = max(time.Until(time.UnixMilli(expiresAt)), time.Second)
	}
	ck.MaxAge, ck.Expires = int(life/time.Second), time.Now().Add(life)
	c.send(w, ck)
}

// EndSession takes a session's token from a browser.
func (c Cookies) EndSession(w http.ResponseWriter) { c.Clear(w, cookieToken) }

// Forget takes all of a session's cookies from a browser.
func (c Cookies) Forget(w http.ResponseWriter) {
	c.EndSession(w)
	for _, name := range []string{cookieUser, cookieCSRF} {
		c.send(w, &http.Cookie{Name: name, MaxAge: -1})
	}
}

// Clear takes a cookie that scripts can't read from a browser.
func (c Cookies) Clear(w http.ResponseWriter, name string) {
	c.send(w, &http.Cookie{Name: name, MaxAge: -1, HttpOnly: true})
}

// SetWhileOpen sets a cookie that scripts can't read, until the browser is closed.
func (c Cookies) SetWhileOpen(w http.ResponseWriter, name, value string) {
	c.send(w, &http.Cookie{Name: name, Value: value, HttpOnly: true})
}

func (c Cookies) send(w http.ResponseWriter, ck *http.Cookie) {
	ck.Path, ck.Domain, ck.Secure, ck.SameSite = c.path, c.domain, c.secure, c.SameSite
	http.SetCookie(w, ck)
}
