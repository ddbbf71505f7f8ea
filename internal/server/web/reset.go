package web

import (
	"strings"

	"muster"
)

const badResetLink = "api.user.reset_password.invalid_link.app_error"

func showForgotten(v *visit) error { return v.showForgotten(nil) }

func (v *visit) showForgotten(refused error) error {
	return v.show(page{name: "reset_password", heading: "Reset your password", err: refused})
}

// sendReset says the same for every address, whether it is anybody's.
func sendReset(v *visit) error {
	email := v.form.Get("email")
	if err := v.app.SendPasswordReset(v.ctx(), v.who, email); err != nil {
		return v.showForgotten(err)
	}
	data := struct{ Email, Again string }{Email: email}
	if v.form.Has("again") {
		data.Again = "If it is, the link is on its way again."
	}
	return v.show(page{name: "reset_password_sent", heading: "Check your mail", data: data})
}

func showReset(v *visit) error {
	token := v.query("token")
	if !muster.ValidMailToken(token) {
		return v.showReset("", muster.E(muster.Invalid, badResetLink))
	}
	return v.showReset(token, nil)
}

func (v *visit) showReset(token string, refused error) error {
	return v.show(page{name: "reset_password_complete", heading: "Choose a new password", err: refused, data: struct {
		mailedLink
		Tokens bool // accounts may have access tokens
	}{mailedLink{Token: token}, v.config().ServiceSettings.EnableUserAccessTokens}})
}

func resetPassword(v *visit) error {
	token := v.form.Get("token")
	device, err := v.app.ResetPassword(v.ctx(), v.who, token, v.form.Get("new_password"), v.form.Has("revoke_access_tokens"))
	switch e := muster.AsError(err); {
	case err == nil:
		v.cookies.SetDevice(v.w, device)
		return v.goTo(signInPage + "?" + noticeParam + "=password-set")
	case strings.HasPrefix(e.ID, "api.user.reset_password."), e.Params["Name"] == "token": // the link is of no use any more
		return v.showReset("", linkError(err, badResetLink))
	}
	return v.showReset(token, err)
}
