package web

import (
	"html/template"
	"strings"

	"muster"
	"muster/internal/app"
)

// security is what the page shows besides its forms.
type security struct {
	Managed bool // the sign-in service keeps the password
	Offered bool // two-step sign-in is, on this site
	On      bool // two-step sign-in

	Codes    int64 // unused recovery codes
	FewCodes bool
	Tokens   bool // accounts may have access tokens
}

// fewCodes left are reason for a warning.
const fewCodes = 3

func showSecurity(v *visit) error { return v.showSecurity(nil) }

func (v *visit) showSecurity(refused error) error {
	u, heading := v.who.User, "Security"
	if v.app.MustEnrol(v.who) != nil {
		heading = "Set up two-step sign-in" // nothing else of the page is open then
	}
	c := v.config().ServiceSettings
	data := security{Managed: u.IsSSO(), Offered: c.EnableMultifactorAuthentication, On: u.MfaActive, Tokens: c.EnableUserAccessTokens}
	if data.On {
		var err error
		if data.Codes, err = v.app.RecoveryCodesLeft(v.ctx(), v.who, u.ID); err != nil {
			return err
		}
		data.FewCodes = data.Codes <= fewCodes
	}
	return v.show(page{name: "account_security", heading: heading, err: refused, data: data})
}

func changePassword(v *visit) error {
	change := app.PasswordChange{CurrentPassword: v.form.Get("current_password"), NewPassword: v.form.Get("new_password"), RevokeTokens: v.form.Has("revoke_access_tokens")}
	device, err := v.app.UpdateUserPassword(v.ctx(), v.who, v.who.ID(), change)
	if err != nil {
		return v.showSecurity(err)
	}
	v.cookies.SetDevice(v.w, device)
	return v.done(securityPage, "password-changed")
}

// twoStep is what an authenticator app is set up with; empty where it is not shown again.
type twoStep struct {
	QR     template.URL
	Secret string // in groups of four
}

// setUpTwoStep makes a secret. Who has two-step sign-in turns that off first.
func setUpTwoStep(v *visit) error {
	if v.who.User.MfaActive {
		return v.goTo(securityPage)
	}
	if err := v.confirmEnrolment(); err != nil {
		return v.showSecurity(err)
	}
	if _, err := v.app.GenerateMfaSecret(v.ctx(), v.who, v.who.ID()); err != nil {
		return v.showSecurity(err)
	}
	return v.goTo(twoStepPage)
}

func showTwoStep(v *visit) error { return v.showTwoStep(nil) }

// showTwoStep shows the secret that was made last, as often as the page is opened while the session is fresh, for the app may have it by now. Afterwards
// its code is still taken, with the password.
func (v *visit) showTwoStep(refused error) error {
	if v.who.User.MfaActive {
		return v.goTo(securityPage)
	}
	pending, err := v.app.PendingMfa(v.ctx(), v.who)
	if muster.IsKind(err, muster.NotFound) {
		return v.goTo(securityPage)
	}
	var data twoStep
	switch {
	case muster.HasID(err, errConfirm.ID):
	case err != nil:
		return err
	default:
		data.QR = template.URL("data:image/png;base64," + pending.QRCode) //nolint:gosec // drawn by us
		data.Secret = inFours(pending.Secret)
	}
	return v.show(page{name: "account_two_step", heading: "Set up two-step sign-in", err: refused, data: data})
}

// inFours writes a secret as people copy it by hand.
func inFours(secret string) string {
	var b strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// turnTwoStepOn answers with the recovery codes, which nothing can show again.
func turnTwoStepOn(v *visit) error {
	if v.who.User.MfaActive {
		return v.goTo(securityPage)
	}
	if err := v.confirmEnrolment(); err != nil {
		return v.showTwoStep(err)
	}
	codes, err := v.app.UpdateMfa(v.ctx(), v.who, v.who.ID(), true, strings.TrimSpace(v.form.Get("code")))
	if err != nil {
		return v.showTwoStep(err)
	}
	v.who.User = v.who.User.Clone()
	v.who.User.MfaActive = true // nothing more is asked of it
	return v.showRecoveryCodes("Two-step sign-in is on.", codes)
}

func (v *visit) showRecoveryCodes(news string, codes []string) error {
	return v.show(page{name: "account_recovery", heading: "Recovery codes", data: struct {
		News  string
		Codes []string
	}{news, codes}})
}

func replaceRecoveryCodes(v *visit) error {
	if err := v.confirm(); err != nil {
		return v.showSecurity(err)
	}
	codes, err := v.app.ReplaceRecoveryCodes(v.ctx(), v.who, v.who.ID())
	if err != nil {
		return v.showSecurity(err)
	}
	return v.showRecoveryCodes("You have new recovery codes. The ones you had before no longer work.", codes)
}

func turnTwoStepOff(v *visit) error {
	if err := v.confirm(); err != nil {
		return v.showSecurity(err)
	}
	if _, err := v.app.UpdateMfa(v.ctx(), v.who, v.who.ID(), false, ""); err != nil {
		return v.showSecurity(err)
	}
	return v.done(securityPage, "two-step-off")
}
