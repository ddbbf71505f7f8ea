package web

import (
	"muster"
)

func showResend(v *visit) error { return v.showResend("", v.query("email"), nil) }

func (v *visit) showResend(sent, email string, refused error) error {
	return v.show(page{
		name: "should_verify_email", heading: "Check your mail", data: struct{ Sent string }{sent},
		values: map[string]string{"email": email}, err: refused,
	})
}

// resendVerification says the same for every address, whether it is anybody's and whether it is verified.
func resendVerification(v *visit) error {
	email := v.form.Get("email")
	if err := v.app.SendVerification(v.ctx(), v.who, email); err != nil {
		return v.showResend("", email, err)
	}
	return v.showResend("If "+email+" waits to be confirmed, a new mail is on its way to it.", email, nil)
}

// mailedLink is what a mailed link brings along.
type mailedLink struct{ Token, Email string }

// address is what an address of a page says of a mail address, if it is one: anybody can make such an address of a page, and ours says nothing else of theirs.
func address(asked string) string {
	if muster.ValidEmail(muster.FoldName(asked)) {
		return asked
	}
	return ""
}

// showVerify asks before the address is confirmed: programs that look through mail open its links too.
func showVerify(v *visit) error {
	link := mailedLink{v.query("token"), address(v.query("email"))}
	if !muster.ValidMailToken(link.Token) {
		return v.showVerify(mailedLink{Email: link.Email}, muster.E(muster.Invalid, "api.user.verify_email.bad_link.app_error"))
	}
	return v.showVerify(link, nil)
}

func (v *visit) showVerify(link mailedLink, refused error) error {
	return v.show(page{name: "do_verify_email", heading: "Confirm your email address", data: link, err: refused})
}

func verifyEmail(v *visit) error {
	if err := v.app.VerifyEmail(v.ctx(), v.who, v.form.Get("token")); err != nil {
		return v.showVerify(mailedLink{Email: address(v.form.Get("email"))}, linkError(err, "api.user.verify_email.bad_link.app_error"))
	}
	return v.show(page{name: "verified", heading: "Your email address is confirmed"})
}

// linkError puts what people understand in the place of "the token is not valid".
func linkError(err error, id string) error {
	if muster.HasID(err, "api.context.invalid_body_param.app_error") {
		return muster.E(muster.Invalid, id, err)
	}
	return err
}
