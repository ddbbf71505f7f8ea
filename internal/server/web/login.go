package web

import (
	"net/url"

	"muster"
	"muster/internal/auth"
	"muster/internal/config"
)

// loginFlowCookie holds the token of the stored login flow between its steps.
const loginFlowCookie = "MUSTERSIGNIN"

const declinedTerms = "app.sign_in.terms_declined.app_error"

func showLogin(req *pageRequest) error {
	flow, err := req.loginFlow()
	if err != nil {
		return err
	}
	if flow != nil {
		return req.showStep(flow, nil)
	}
	return req.showPasswordStep(req.returnTo(), nil)
}

// loginFlow returns the login flow that this browser has begun, nil for none.
func (req *pageRequest) loginFlow() (*auth.LoginFlow, error) {
	token := req.loginFlowToken()
	if token == "" {
		return nil, nil
	}
	flow, err := req.services.Auth.LoginFlow(req.ctx(), token)
	if muster.IsKind(err, muster.Unauthenticated) {
		return nil, nil
	}
	return flow, err
}

func (req *pageRequest) loginFlowToken() string {
	ck, err := req.r.Cookie(loginFlowCookie)
	if err != nil {
		return ""
	}
	return ck.Value
}

// login takes one step of a login: the password, then a code if needed, then the terms of service if needed. The use case
// decides which step is next.
func login(req *pageRequest) error {
	switch req.form.Get("step") {
	case "code":
		return req.submitCode()
	case "terms":
		return req.submitTerms()
	case "cancel":
		return req.cancelLogin()
	}
	return req.submitPassword()
}

func (req *pageRequest) submitPassword() error {
	back := req.returnTo()
	name := req.form.Get("login_id")
	next, err := req.beginLogin(auth.LoginRequest{LoginID: name, Password: req.form.Get("password")}, back)
	return req.continueLogin(next, err, name, func(err error) error { return req.showPasswordStep(back, err) })
}

// beginLogin takes the first step of a login, and stores the flow's token in a cookie if there are more steps.
func (req *pageRequest) beginLogin(login auth.LoginRequest, back string) (*auth.LoginFlow, error) {
	next, err := req.services.Auth.BeginLogin(req.ctx(), req.who, login, back)
	if err == nil && next.Session == nil {
		req.cookies.SetSecret(req.w, loginFlowCookie, next.Token, next.ExpiresAt)
	}
	return next, err
}

// continueLogin redirects to the next step or, after the last one, to the requested page. It calls again to show the step
// with its error if that was refused.
func (req *pageRequest) continueLogin(next *auth.LoginFlow, err error, name string, again func(error) error) error {
	switch {
	case muster.HasID(err, "api.user.login.not_verified.app_error"):
		page := "/should_verify_email"
		if muster.ValidEmail(muster.NormalizeName(name)) {
			page += "?" + url.Values{"email": {name}}.Encode()
		}
		return req.redirectToPage(page)
	case muster.HasID(err, declinedTerms):
		req.cookies.Clear(req.w, loginFlowCookie)
		return req.redirectToPage(loginPage + "?" + flashParam + "=terms-declined")
	case err != nil:
		return again(err)
	case next.Session == nil:
		return req.redirectToPage(loginPage)
	}
	req.cookies.SetSession(req.w, next.Session)
	req.cookies.SetDevice(req.w, next.Session.DeviceToken)
	req.cookies.Clear(req.w, loginFlowCookie)
	req.cookies.Clear(req.w, csrfCookie) // the session has its own CSRF token
	return req.redirect(req.afterLogin(next.ReturnTo))
}

func (req *pageRequest) submitCode() error {
	next, err := req.services.Auth.LoginCode(req.ctx(), req.who, req.loginFlowToken(), req.form.Get("code"))
	return req.continueLogin(next, err, "", req.retryStep)
}

func (req *pageRequest) submitTerms() error {
	next, err := req.services.Auth.LoginTerms(req.ctx(), req.who, req.loginFlowToken(), req.form.Get("terms_id"), req.form.Get("answer") == "accept")
	return req.continueLogin(next, err, "", req.retryStep)
}

func (req *pageRequest) cancelLogin() error {
	if err := req.services.Auth.CancelLogin(req.ctx(), req.loginFlowToken()); err != nil && !muster.IsKind(err, muster.Unauthenticated) {
		return err
	}
	req.cookies.Clear(req.w, loginFlowCookie)
	return req.redirectToPage(loginPage)
}

// retryStep shows the current step with its error, or the first step if the flow has ended.
func (req *pageRequest) retryStep(formErr error) error {
	flow, err := req.loginFlow()
	if err != nil {
		return err
	}
	if flow == nil {
		req.cookies.Clear(req.w, loginFlowCookie)
		return req.showPasswordStep(req.returnTo(), formErr)
	}
	return req.showStep(flow, formErr)
}

func (req *pageRequest) showStep(flow *auth.LoginFlow, formErr error) error {
	if flow.Step == auth.StepTerms {
		return req.show(page{name: "login_terms", heading: "Terms of service", text: true, err: formErr, data: struct {
			*muster.TermsOfService
			ReturnTo string
		}{flow.Terms, flow.ReturnTo}})
	}
	// The code may no longer be needed, because two-step sign-in was turned off meanwhile.
	return req.show(page{name: "login_code", heading: "Two-step sign-in", err: formErr, data: struct {
		Ask      bool
		ReturnTo string
	}{flow.Step == auth.StepCode, flow.ReturnTo}})
}

func (req *pageRequest) showPasswordStep(back string, formErr error) error {
	maySignUp, err := req.services.Accounts.CanSignUp(req.ctx())
	if err != nil {
		return err
	}
	c := req.config()
	return req.show(page{name: "login", heading: "Sign in to " + req.site(), err: formErr, data: struct {
		ReturnTo, NameLabel string
		Forgot, SignUp      bool
	}{localURL(back), loginIDLabel(c.EmailSettings), c.PasswordSettings.EnableForgotLink, maySignUp}})
}

// loginIDLabel returns the label of the field for the sign-in name.
func loginIDLabel(c config.EmailSettings) string {
	switch {
	case !c.EnableSignInWithEmail:
		return "Username"
	case !c.EnableSignInWithUsername:
		return "Email address"
	}
	return "Username or email address"
}

func logout(req *pageRequest) error {
	if err := req.services.Auth.Logout(req.ctx(), req.who); err != nil {
		return err
	}
	req.cookies.ClearSession(req.w)
	if to := localURL(req.form.Get(returnParam)); to != "" {
		return req.redirect(to)
	}
	return req.redirectToPage(loginPage + "?" + flashParam + "=signed-out")
}
