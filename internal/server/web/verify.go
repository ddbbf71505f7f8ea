package web

import "muster"

func showResend(req *pageRequest) error { return req.showResend("", req.query("email"), nil) }

func (req *pageRequest) showResend(sent, email string, formErr error) error {
	return req.show(page{
		name: "should_verify_email", heading: "Check your email", data: struct{ Sent string }{sent},
		values: map[string]string{"email": email}, err: formErr,
	})
}

// resendVerification returns the same answer for every address, so that it doesn't reveal whether there's an account or
// whether its address is confirmed.
func resendVerification(req *pageRequest) error {
	email := req.form.Get("email")
	if err := req.services.Accounts.SendVerification(req.ctx(), req.who, email); err != nil {
		return req.showResend("", email, err)
	}
	return req.showResend("If "+email+" still needs to be confirmed, we've sent it a new link.", email, nil)
}

// mailedLink holds the parameters of a mailed link.
type mailedLink struct{ Token, Email string }

// validEmail returns asked if it is an email address, otherwise "". Anybody can make up a link, and the page must show no
// other text from it.
func validEmail(asked string) string {
	if muster.ValidEmail(muster.NormalizeName(asked)) {
		return asked
	}
	return ""
}

// showVerify asks before it confirms the address, because mail scanners open mailed links, too.
func showVerify(req *pageRequest) error {
	link := mailedLink{req.query("token"), validEmail(req.query("email"))}
	if !muster.ValidMailToken(link.Token) {
		return req.showVerify(mailedLink{Email: link.Email}, muster.E(muster.Invalid, "api.user.verify_email.bad_link.app_error"))
	}
	return req.showVerify(link, nil)
}

func (req *pageRequest) showVerify(link mailedLink, formErr error) error {
	return req.show(page{name: "do_verify_email", heading: "Confirm your email address", data: link, err: formErr})
}

func verifyEmail(req *pageRequest) error {
	if err := req.services.Accounts.VerifyEmail(req.ctx(), req.who, req.form.Get("token")); err != nil {
		return req.showVerify(mailedLink{Email: validEmail(req.form.Get("email"))}, linkError(err, "api.user.verify_email.bad_link.app_error"))
	}
	return req.show(page{name: "verified", heading: "Your email address is confirmed"})
}

// linkError replaces an error about the token parameter by one about the link, which people understand.
func linkError(err error, id string) error {
	if muster.HasID(err, "api.context.invalid_body_param.app_error") {
		return muster.E(muster.Invalid, id, err)
	}
	return err
}
