package web

import (
	"net/url"

	"muster"
	"muster/internal/app"
)

// signInCookie holds the token of a sign-in that is under way, between its steps.
const signInCookie = "MUSTERSIGNIN"

const declinedTerms = "app.sign_in.terms_declined.app_error"

func showSignIn(v *visit) error {
	under, err := v.signInUnderWay()
	if err != nil {
		return err
	}
	if under != nil {
		return v.showStep(under, nil)
	}
	return v.showPasswordStep(v.returnTo(), nil)
}

// signInUnderWay is the sign-in that this browser has begun, nil for none.
func (v *visit) signInUnderWay() (*app.SignIn, error) {
	token := v.signInToken()
	if token == "" {
		return nil, nil
	}
	under, err := v.app.SignInUnderWay(v.ctx(), token)
	if muster.IsKind(err, muster.Unauthenticated) {
		return nil, nil
	}
	return under, err
}

func (v *visit) signInToken() string {
	ck, err := v.r.Cookie(signInCookie)
	if err != nil {
		return ""
	}
	return ck.Value
}

// signIn takes one step of a sign-in. Which steps there are and when it is done, the use case knows: password, then perhaps a code, then perhaps terms.
func signIn(v *visit) error {
	switch v.form.Get("step") {
	case "code":
		return v.takeCode()
	case "terms":
		return v.answerTerms()
	case "cancel":
		return v.cancelSignIn()
	}
	return v.takePassword()
}

func (v *visit) takePassword() error {
	back := v.returnTo()
	name := v.form.Get("login_id")
	next, err := v.begin(app.LoginRequest{LoginID: name, Password: v.form.Get("password")}, back)
	return v.proceed(next, err, name, func(err error) error { return v.showPasswordStep(back, err) })
}

// begin takes the first step of a sign-in; the browser keeps its token if there are more.
func (v *visit) begin(req app.LoginRequest, back string) (*app.SignIn, error) {
	next, err := v.app.BeginSignIn(v.ctx(), v.who, req, back)
	if err == nil && next.Session == nil {
		v.cookies.SetSecret(v.w, signInCookie, next.Token, next.ExpiresAt)
	}
	return next, err
}

// proceed goes where a step of a sign-in leads: to the next one, to where the person wanted to go, or to again, with what was refused.
func (v *visit) proceed(next *app.SignIn, err error, name string, again func(error) error) error {
	switch {
	case muster.HasID(err, "api.user.login.not_verified.app_error"):
		page := "/should_verify_email"
		if muster.ValidEmail(muster.FoldName(name)) {
			page += "?" + url.Values{"email": {name}}.Encode()
		}
		return v.goTo(page)
	case muster.HasID(err, declinedTerms):
		v.cookies.Clear(v.w, signInCookie)
		return v.goTo(signInPage + "?" + noticeParam + "=terms-declined")
	case err != nil:
		return again(err)
	case next.Session == nil:
		return v.goTo(signInPage)
	}
	v.cookies.SetSession(v.w, next.Session)
	v.cookies.SetDevice(v.w, next.Session.DeviceToken)
	v.cookies.Clear(v.w, signInCookie)
	v.cookies.Clear(v.w, keyCookie) // the forms of the session have a key of its own
	return v.leaveFor(v.wayBack(next.ReturnTo))
}

func (v *visit) takeCode() error {
	next, err := v.app.SignInCode(v.ctx(), v.who, v.signInToken(), v.form.Get("code"))
	return v.proceed(next, err, "", v.showStepAgain)
}

func (v *visit) answerTerms() error {
	next, err := v.app.SignInTerms(v.ctx(), v.who, v.signInToken(), v.form.Get("terms_id"), v.form.Get("answer") == "accept")
	return v.proceed(next, err, "", v.showStepAgain)
}

func (v *visit) cancelSignIn() error {
	if err := v.app.CancelSignIn(v.ctx(), v.signInToken()); err != nil && !muster.IsKind(err, muster.Unauthenticated) {
		return err
	}
	v.cookies.Clear(v.w, signInCookie)
	return v.goTo(signInPage)
}

// showStepAgain shows the step that a sign-in is at with what was refused, or its beginning when that ended it.
func (v *visit) showStepAgain(refused error) error {
	under, err := v.signInUnderWay()
	if err != nil {
		return err
	}
	if under == nil {
		v.cookies.Clear(v.w, signInCookie)
		return v.showPasswordStep(v.returnTo(), refused)
	}
	return v.showStep(under, refused)
}

func (v *visit) showStep(at *app.SignIn, refused error) error {
	if at.Step == app.StepTerms {
		return v.show(page{name: "login_terms", heading: "Terms of service", text: true, err: refused, data: struct {
			*muster.TermsOfService
			ReturnTo string
		}{at.Terms, at.ReturnTo}})
	}
	// What it waited for may have been turned off meanwhile; then all that is left to do is to go on.
	return v.show(page{name: "login_code", heading: "Two-step sign-in", err: refused, data: struct {
		Ask      bool
		ReturnTo string
	}{at.Step == app.StepCode, at.ReturnTo}})
}

func (v *visit) showPasswordStep(back string, refused error) error {
	maySignUp, err := v.app.MaySignUp(v.ctx())
	if err != nil {
		return err
	}
	c := v.config()
	return v.show(page{name: "login", heading: "Sign in to " + v.site(), err: refused, data: struct {
		ReturnTo, NameLabel string
		Forgot, SignUp      bool
	}{returnTo(back), nameLabel(c.EmailSettings), c.PasswordSettings.EnableForgotLink, maySignUp}})
}

// nameLabel says by what people sign in here.
func nameLabel(c muster.EmailSettings) string {
	switch {
	case !c.EnableSignInWithEmail:
		return "Username"
	case !c.EnableSignInWithUsername:
		return "Email address"
	}
	return "Username or email address"
}

func signOut(v *visit) error {
	if err := v.app.Logout(v.ctx(), v.who); err != nil {
		return err
	}
	v.cookies.Forget(v.w)
	if to := returnTo(v.form.Get(returnParam)); to != "" {
		return v.leaveFor(to)
	}
	return v.goTo(signInPage + "?" + noticeParam + "=signed-out")
}
