package web

import "muster"

func showTerms(req *pageRequest) error { return req.showTerms(nil) }

func (req *pageRequest) showTerms(formErr error) error {
	terms, err := req.services.Auth.Terms(req.ctx())
	if muster.IsKind(err, muster.NotFound) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	var ask *muster.TermsOfService
	if req.signedIn() {
		if ask, err = req.services.Auth.TermsToAccept(req.ctx(), req.who.User); err != nil {
			return err
		}
	}
	if ask != nil && req.query(flashParam) != "" { // the terms changed after they were accepted
		return req.redirectToPage("/terms")
	}
	return req.show(page{name: "terms", heading: "Terms of service", text: true, err: formErr, data: struct {
		Terms *muster.TermsOfService
		Ask   bool
	}{terms, ask != nil}})
}

// acceptTerms records the answer to the terms. A user who declines them is signed out.
func acceptTerms(req *pageRequest) error {
	if !req.signedIn() {
		return req.redirect(req.loginURL())
	}
	accepted := req.form.Get("answer") == "accept"
	if err := req.services.Auth.AcceptTerms(req.ctx(), req.who, req.form.Get("terms_id"), accepted); err != nil {
		return req.showTerms(err)
	}
	if accepted {
		return req.redirectToPage("/terms?" + flashParam + "=terms-accepted")
	}
	if err := req.services.Auth.Logout(req.ctx(), req.who); err != nil {
		return err
	}
	req.cookies.ClearSession(req.w)
	return req.redirectToPage(loginPage + "?" + flashParam + "=terms-declined")
}
