package web

import (
	"html/template"
	"strings"

	"muster"
	"muster/internal/auth"
)

// securityData is what the security page shows besides its forms.
type securityData struct {
	SSO     bool // the sign-in service manages the password
	Offered bool // two-step sign-in is available on this site
	On      bool // two-step sign-in is on

	Codes    int64 // unused recovery codes
	FewCodes bool
	Tokens   bool // accounts may have access tokens
}

// fewCodes is the number of recovery codes at or below which the page warns.
const fewCodes = 3

func showSecurity(req *pageRequest) error { return req.showSecurity(nil) }

func (req *pageRequest) showSecurity(formErr error) error {
	u, heading := req.who.User, "Security"
	if req.services.Auth.RequireMfaEnrolment(req.who) != nil {
		heading = "Set up two-step sign-in" // the rest of the page is hidden then
	}
	c := req.config().ServiceSettings
	data := securityData{SSO: u.IsSSO(), Offered: c.EnableMultifactorAuthentication, On: u.MfaActive, Tokens: c.EnableUserAccessTokens}
	if data.On {
		var err error
		if data.Codes, err = req.services.Auth.RecoveryCodesLeft(req.ctx(), req.who, u.ID); err != nil {
			return err
		}
		data.FewCodes = data.Codes <= fewCodes
	}
	return req.show(page{name: "account_security", heading: heading, err: formErr, data: data})
}

func changePassword(req *pageRequest) error {
	change := auth.PasswordChange{CurrentPassword: req.form.Get("current_password"), NewPassword: req.form.Get("new_password"), RevokeTokens: req.form.Has("revoke_access_tokens")}
	device, err := req.services.Auth.UpdateUserPassword(req.ctx(), req.who, req.who.ID(), change)
	if err != nil {
		return req.showSecurity(err)
	}
	req.cookies.SetDevice(req.w, device)
	return req.redirectWithFlash(securityPage, "password-changed")
}

// twoStepData is what an authenticator app is set up with; empty once it's no longer shown.
type twoStepData struct {
	QR     template.URL
	Secret string // in groups of four
}

// setUpTwoStep generates a secret. If two-step sign-in is already on, it must be turned off first.
func setUpTwoStep(req *pageRequest) error {
	if req.who.User.MfaActive {
		return req.redirectToPage(securityPage)
	}
	if err := req.requireReauthToEnrol(); err != nil {
		return req.showSecurity(err)
	}
	if _, err := req.services.Auth.GenerateMfaSecret(req.ctx(), req.who, req.who.ID()); err != nil {
		return req.showSecurity(err)
	}
	return req.redirectToPage(twoStepPage)
}

func showTwoStep(req *pageRequest) error { return req.showTwoStep(nil) }

// showTwoStep shows the pending secret as long as the session is fresh: reloading the page must not change it, because the
// app may already have it. Afterwards a code is still accepted, with the password.
func (req *pageRequest) showTwoStep(formErr error) error {
	if req.who.User.MfaActive {
		return req.redirectToPage(securityPage)
	}
	pending, err := req.services.Auth.PendingMfa(req.ctx(), req.who)
	if muster.IsKind(err, muster.NotFound) {
		return req.redirectToPage(securityPage)
	}
	var data twoStepData
	switch {
	case muster.HasID(err, errReauthRequired.ID):
	case err != nil:
		return err
	default:
		data.QR = template.URL("data:image/png;base64," + pending.QRCode) //nolint:gosec // we generated it
		data.Secret = groupsOfFour(pending.Secret)
	}
	return req.show(page{name: "account_two_step", heading: "Set up two-step sign-in", err: formErr, data: data})
}

// groupsOfFour formats a secret so that people can copy it by hand.
func groupsOfFour(secret string) string {
	var b strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// turnTwoStepOn shows the recovery codes, which can't be shown again.
func turnTwoStepOn(req *pageRequest) error {
	if req.who.User.MfaActive {
		return req.redirectToPage(securityPage)
	}
	if err := req.requireReauthToEnrol(); err != nil {
		return req.showTwoStep(err)
	}
	codes, err := req.services.Auth.UpdateMfa(req.ctx(), req.who, req.who.ID(), true, strings.TrimSpace(req.form.Get("code")))
	if err != nil {
		return req.showTwoStep(err)
	}
	req.who.User = req.who.User.Clone()
	req.who.User.MfaActive = true // the page needs no more than this
	return req.showRecoveryCodes("Two-step sign-in is on.", codes)
}

func (req *pageRequest) showRecoveryCodes(news string, codes []string) error {
	return req.show(page{name: "account_recovery", heading: "Recovery codes", data: struct {
		News  string
		Codes []string
	}{news, codes}})
}

func replaceRecoveryCodes(req *pageRequest) error {
	if err := req.requireReauth(); err != nil {
		return req.showSecurity(err)
	}
	codes, err := req.services.Auth.ReplaceRecoveryCodes(req.ctx(), req.who, req.who.ID())
	if err != nil {
		return req.showSecurity(err)
	}
	return req.showRecoveryCodes("You have new recovery codes. Your old ones no longer work.", codes)
}

func turnTwoStepOff(req *pageRequest) error {
	if err := req.requireReauth(); err != nil {
		return req.showSecurity(err)
	}
	if _, err := req.services.Auth.UpdateMfa(req.ctx(), req.who, req.who.ID(), false, ""); err != nil {
		return req.showSecurity(err)
	}
	return req.redirectWithFlash(securityPage, "two-step-off")
}
