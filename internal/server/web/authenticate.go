package web

import (
	"cmp"
	"net/http"
	"net/url"

	"muster"
	"muster/internal/server/httpx"
)

// Pages that others redirect to.
const (
	loginPage    = "/login"
	accountPage  = "/account"
	securityPage = "/account/security"
)

// authenticate sets the caller's session from the cookie. Pages ignore headers and access tokens, which are for programs.
func (req *pageRequest) authenticate() error {
	token := httpx.CookieToken(req.r)
	if token == "" {
		return nil
	}
	session, user, err := req.services.Auth.Authenticate(req.ctx(), token)
	switch {
	case muster.IsKind(err, muster.Unauthenticated):
		return nil
	case err != nil:
		return err
	case session.OfAccessToken():
		return nil
	}
	req.who.Session, req.who.User = session, user
	return nil
}

// signedIn reports whether the request has a session.
func (req *pageRequest) signedIn() bool { return req.who.Session != nil }

// redirectTarget returns the path to redirect to before the page can be shown, "" for none.
func (req *pageRequest) redirectTarget() (string, error) {
	switch {
	case req.route.access == signedInOnly && !req.signedIn():
		return req.loginURL(), nil
	case req.route.access == signedOutOnly && req.signedIn():
		return req.afterLogin(req.query(returnParam)), nil
	case !req.signedIn() || req.route.allowUnenrolled:
		return "", nil
	case req.services.Auth.RequireMfaEnrolment(req.who) != nil:
		return req.base + securityPage, nil
	}
	err := req.services.Auth.RequireTermsAccepted(req.ctx(), req.who)
	if muster.IsKind(err, muster.Forbidden) {
		return req.base + "/terms", nil
	}
	return "", err
}

// loginURL returns the login page's URL, which leads back to this page.
func (req *pageRequest) loginURL() string {
	if req.route.get == nil {
		return req.base + loginPage
	}
	back := req.base + req.path
	if req.r.Method != http.MethodPost && req.r.URL.RawQuery != "" {
		back += "?" + req.r.URL.RawQuery
	}
	return req.base + loginPage + "?" + url.Values{returnParam: {back}}.Encode()
}

// afterLogin returns the path to go to after login: the requested one if it's safe, otherwise the account.
func (req *pageRequest) afterLogin(asked string) string {
	return cmp.Or(localURL(asked), req.base+accountPage)
}
