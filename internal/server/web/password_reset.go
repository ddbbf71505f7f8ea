package web

import (
	"strings"

	"muster"
)

const badResetLink = "api.user.reset_password.invalid_link.app_error"

func showResetRequest(req *pageRequest) error { return req.showResetRequest(nil) }

func (req *pageRequest) showResetRequest(formErr error) error {
	return req.show(page{name: "reset_password", heading: "Reset your password", err: formErr})
}

// requestReset returns the same answer for every address, so that it doesn't reveal whether there's an account.
func requestReset(req *pageRequest) error {
	email := req.form.Get("email")
	if err := req.services.Auth.SendPasswordReset(req.ctx(), req.who, email); err != nil {
		return req.showResetRequest(err)
	}
	data := struct{ Email, Again string }{Email: email}
	if req.form.Has("again") {
		data.Again = "If there's an account for this address, we've sent it another link."
	}
	return req.show(page{name: "reset_password_sent", heading: "Check your email", data: data})
}

func showReset(req *pageRequest) error {
	token := req.query("token")
	if !muster.ValidMailToken(token) {
		return req.showReset("", muster.E(muster.Invalid, badResetLink))
	}
	return req.showReset(token, nil)
}

func (req *pageRequest) showReset(token string, formErr error) error {
	return req.show(page{name: "reset_password_complete", heading: "Choose a new password", err: formErr, data: struct {
		mailedLink
		Tokens bool // access tokens are enabled
	}{mailedLink{Token: token}, req.config().ServiceSettings.EnableUserAccessTokens}})
}

func resetPassword(req *pageRequest) error {
	token := req.form.Get("token")
	device, err := req.services.Auth.ResetPassword(req.ctx(), req.who, token, req.form.Get("new_password"), req.form.Has("revoke_access_tokens"))
	switch e := muster.AsError(err); {
	case err == nil:
		req.cookies.SetDevice(req.w, device)
		return req.redirectToPage(loginPage + "?" + flashParam + "=password-set")
	case strings.HasPrefix(e.ID, "api.user.reset_password."), e.Field == "token": // the link no longer works
		return req.showReset("", linkError(err, badResetLink))
	}
	return req.showReset(token, err)
}
