package web

import (
	"net/http"
	"net/url"

	"muster"
	"muster/internal/edge"
)

// Pages that others lead to.
const (
	signInPage   = "/login"
	accountPage  = "/account"
	securityPage = "/account/security"
)

// signIn finds who asks. Pages take the cookie of a session that began with a sign-in, and neither headers nor access tokens: those are for programs.
func (v *visit) signIn() error {
	token := edge.CookieToken(v.r)
	if token == "" {
		return nil
	}
	session, user, err := v.app.Authenticate(v.ctx(), token)
	switch {
	case muster.IsKind(err, muster.Unauthenticated):
		return nil
	case err != nil:
		return err
	case session.OfAccessToken():
		return nil
	}
	v.who.Session, v.who.User = session, user
	return nil
}

// signedIn tells whether somebody is.
func (v *visit) signedIn() bool { return v.who.Session != nil }

// elsewhere is the page that has to come before the one asked for, "" for none.
func (v *visit) elsewhere() string {
	switch {
	case v.route.access == signedIn && !v.signedIn():
		return v.signInFirst()
	case v.signedIn() && !v.route.enrol && v.app.MustEnrol(v.who) != nil:
		return securityPage
	}
	return ""
}

// signInFirst is sign-in with the way back to this page.
func (v *visit) signInFirst() string {
	if v.route.get == nil {
		return signInPage
	}
	back := v.base + v.path
	if v.r.Method != http.MethodPost && v.r.URL.RawQuery != "" {
		back += "?" + v.r.URL.RawQuery
	}
	return signInPage + "?" + url.Values{returnParam: {back}}.Encode()
}
