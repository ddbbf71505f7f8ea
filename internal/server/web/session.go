package web

import (
	"cmp"
	"net/http"
	"net/url"

	"muster"
	"muster/internal/server/httpx"
)

// Pages that others lead to.
const (
	signInPage   = "/login"
	accountPage  = "/account"
	securityPage = "/account/security"
)

// signIn finds who asks. Pages take the cookie of a session that began with a sign-in, and neither headers nor access tokens: those are for programs.
func (v *visit) signIn() error {
	token := httpx.CookieToken(v.r)
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

// elsewhere is the path to go to rather than to the page asked for, "" for none.
func (v *visit) elsewhere() (string, error) {
	switch {
	case v.route.access == signedIn && !v.signedIn():
		return v.signInFirst(), nil
	case v.route.access == signedOut && v.signedIn():
		return v.wayBack(v.query(returnParam)), nil
	case !v.signedIn() || v.route.enrol:
		return "", nil
	case v.app.MustEnrol(v.who) != nil:
		return v.base + securityPage, nil
	}
	err := v.app.MustAcceptTerms(v.ctx(), v.who)
	if muster.IsKind(err, muster.Forbidden) {
		return v.base + "/terms", nil
	}
	return "", err
}

// signInFirst is sign-in with the way back to this page.
func (v *visit) signInFirst() string {
	if v.route.get == nil {
		return v.base + signInPage
	}
	back := v.base + v.path
	if v.r.Method != http.MethodPost && v.r.URL.RawQuery != "" {
		back += "?" + v.r.URL.RawQuery
	}
	return v.base + signInPage + "?" + url.Values{returnParam: {back}}.Encode()
}

// wayBack is where people go once they are signed in: where they asked to, or to their account.
func (v *visit) wayBack(asked string) string { return cmp.Or(returnTo(asked), v.base+accountPage) }
