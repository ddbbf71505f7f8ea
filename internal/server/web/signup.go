package web

import (
	"cmp"
	"net/url"

	"muster"
	"muster/internal/app"
)

const signUpPage = "/signup_user_complete"

// invitation is what the link to a sign-up, or its form, brings along.
func invitation(from url.Values) app.Signup {
	return app.Signup{Token: from.Get("t"), InviteID: cmp.Or(from.Get("id"), from.Get("iid"))}
}

func showSignUp(v *visit) error {
	by := invitation(v.r.URL.Query())
	if v.signedIn() {
		return v.showInvitedAgain(by)
	}
	return v.showSignUpForm(by, nil)
}

// showInvitedAgain is for who has an account and is signed in: an open link of a team takes it in, others are for a new account.
func (v *visit) showInvitedAgain(by app.Signup) error {
	if by.Token != "" {
		return v.show(page{name: "signup_signed_in", heading: "You have an account", data: struct{ Here string }{v.base + signUpPage + "?" + url.Values{"t": {by.Token}}.Encode()}})
	}
	if by.InviteID == "" {
		return v.goTo(accountPage)
	}
	return v.showJoin(by, nil)
}

func (v *visit) showJoin(by app.Signup, refused error) error {
	invited, err := v.app.Invited(v.ctx(), by)
	if err != nil {
		return err
	}
	return v.show(page{name: "signup_join", heading: "Join " + invited.Team.DisplayName, data: struct{ InviteID string }{by.InviteID}, err: refused})
}

// signUpForm is what the form to sign up works with.
type signUpForm struct {
	app.Signup
	Intro    string
	Email    string // that the invitation was mailed to; "" for any
	ReturnTo string // where sign-in leads afterwards
}

func (v *visit) showSignUpForm(by app.Signup, refused error) error {
	form := signUpForm{Signup: by}
	p := page{name: "signup", heading: "Create your account", err: refused, values: map[string]string{}}
	if by.Token != "" || by.InviteID != "" {
		invited, err := v.app.Invited(v.ctx(), by)
		if err != nil {
			return linkError(err, "api.user.create_user.signup_link_invalid.app_error")
		}
		p.heading = "Join " + invited.Team.DisplayName + " on " + v.site()
		if invited.Guest {
			form.Intro = "You are invited as a guest."
		}
		form.Email, p.values["email"] = invited.Email, invited.Email
	} else if may, err := v.app.MaySignUp(v.ctx()); err != nil {
		return err
	} else if !may {
		return errNoSignUp
	}
	form.ReturnTo = v.returnTo()
	if by.InviteID != "" {
		form.ReturnTo = v.base + signUpPage + "?" + url.Values{"id": {by.InviteID}}.Encode()
	}
	p.data = form
	return v.show(p)
}

var errNoSignUp = muster.E(muster.Forbidden, "api.user.create_user.no_open_server", "Reason",
	"You need an invitation to create an account here. Ask somebody who has one, or an administrator.")

func signUp(v *visit) error {
	by := invitation(v.form)
	if v.signedIn() {
		return v.join(by)
	}
	u := &muster.User{Username: v.form.Get("username"), Email: v.form.Get("email"), Password: v.form.Get("password")}
	if u.Username == "" { // the use case would make one up
		return v.showSignUpForm(by, muster.InvalidParam("username"))
	}
	created, err := v.app.CreateUser(v.ctx(), v.who, u, by)
	if err != nil {
		return v.showSignUpForm(by, err)
	}
	back := v.returnTo()
	if by.InviteID != "" { // which was used by this
		back = ""
	}
	next, err := v.begin(app.LoginRequest{ID: created.ID, Password: v.form.Get("password")}, back)
	return v.proceed(next, err, created.Email, func(err error) error { return v.showPasswordStep(back, err) })
}

func (v *visit) join(by app.Signup) error {
	if by.InviteID == "" { // signed in since the form was opened
		return v.showInvitedAgain(by)
	}
	if _, err := v.app.JoinTeamByInvite(v.ctx(), v.who, by.InviteID); err != nil {
		return v.showJoin(by, err)
	}
	return v.goTo(accountPage + "?" + noticeParam + "=joined")
}
