package web

import (
	"muster"
)

func showTerms(v *visit) error { return v.showTerms(nil) }

func (v *visit) showTerms(refused error) error {
	terms, err := v.app.Terms(v.ctx())
	if muster.IsKind(err, muster.NotFound) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	var ask *muster.TermsOfService
	if v.signedIn() {
		if ask, err = v.app.TermsToAccept(v.ctx(), v.who.User); err != nil {
			return err
		}
	}
	if ask != nil && v.query(noticeParam) != "" { // other terms took the place of those that were accepted
		return v.goTo("/terms")
	}
	return v.show(page{name: "terms", heading: "Terms of service", text: true, err: refused, data: struct {
		Terms *muster.TermsOfService
		Ask   bool
	}{terms, ask != nil}})
}

// acceptTerms takes the answer to the terms. Who declines them is signed out: here, nobody stays without.
func acceptTerms(v *visit) error {
	if !v.signedIn() {
		return v.leaveFor(v.signInFirst())
	}
	accepted := v.form.Get("answer") == "accept"
	if err := v.app.AcceptTerms(v.ctx(), v.who, v.form.Get("terms_id"), accepted); err != nil {
		return v.showTerms(err)
	}
	if accepted {
		return v.goTo("/terms?" + noticeParam + "=terms-accepted")
	}
	if err := v.app.Logout(v.ctx(), v.who); err != nil {
		return err
	}
	v.cookies.Forget(v.w)
	return v.goTo(signInPage + "?" + noticeParam + "=terms-declined")
}
