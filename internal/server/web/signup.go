package web

import (
	"cmp"
	"net/url"

	"muster"
	"muster/internal/auth"
	"muster/internal/teams"
)

const signupPage = "/signup_user_complete"

// invitation returns the invitation in a sign-up link or form.
func invitation(from url.Values) teams.Signup {
	return teams.Signup{Token: from.Get("t"), InviteID: cmp.Or(from.Get("id"), from.Get("iid"))}
}

func showSignup(req *pageRequest) error {
	by := invitation(req.r.URL.Query())
	if req.signedIn() {
		return req.showSignupSignedIn(by)
	}
	return req.showSignupForm(by, nil)
}

// showSignupSignedIn answers a signed-in user who opens an invitation: a team's open link lets them join, others are for
// new accounts.
func (req *pageRequest) showSignupSignedIn(by teams.Signup) error {
	if by.Token != "" {
		return req.show(page{name: "signup_signed_in", heading: "You already have an account", data: struct{ Here string }{req.base + signupPage + "?" + url.Values{"t": {by.Token}}.Encode()}})
	}
	if by.InviteID == "" {
		return req.redirectToPage(accountPage)
	}
	return req.showJoin(by, nil)
}

func (req *pageRequest) showJoin(by teams.Signup, formErr error) error {
	invited, err := req.services.Teams.Invited(req.ctx(), by)
	if err != nil {
		return err
	}
	return req.show(page{name: "signup_join", heading: "Join " + invited.Team.DisplayName, data: struct{ InviteID string }{by.InviteID}, err: formErr})
}

// signupForm is the data of the sign-up form.
type signupForm struct {
	teams.Signup
	Intro    string
	Email    string // the invitation's address; "" for any
	ReturnTo string // where to go after login
}

func (req *pageRequest) showSignupForm(by teams.Signup, formErr error) error {
	form := signupForm{Signup: by}
	p := page{name: "signup", heading: "Create your account", err: formErr, values: map[string]string{}}
	if by.Token != "" || by.InviteID != "" {
		invited, err := req.services.Teams.Invited(req.ctx(), by)
		if err != nil {
			return linkError(err, "api.user.create_user.signup_link_invalid.app_error")
		}
		p.heading = "Join " + invited.Team.DisplayName + " on " + req.site()
		if invited.Guest {
			form.Intro = "You're invited as a guest."
		}
		form.Email, p.values["email"] = invited.Email, invited.Email
	} else if may, err := req.services.Accounts.CanSignUp(req.ctx()); err != nil {
		return err
	} else if !may {
		return errNoSignup
	}
	form.ReturnTo = req.returnTo()
	if by.InviteID != "" {
		form.ReturnTo = req.base + signupPage + "?" + url.Values{"id": {by.InviteID}}.Encode()
	}
	p.data = form
	return req.show(p)
}

var errNoSignup = muster.E(muster.Forbidden, "api.user.create_user.no_open_server", "Reason",
	"Sign-up is by invitation. Ask a member or an administrator for one.")

func signup(req *pageRequest) error {
	by := invitation(req.form)
	if req.signedIn() {
		return req.joinTeam(by)
	}
	u := &muster.User{Username: req.form.Get("username"), Email: req.form.Get("email"), Password: req.form.Get("password")}
	if u.Username == "" { // the use case would generate one
		return req.showSignupForm(by, muster.InvalidParam("username"))
	}
	created, err := req.services.Accounts.CreateUser(req.ctx(), req.who, u, by)
	if err != nil {
		return req.showSignupForm(by, err)
	}
	back := req.returnTo()
	if by.InviteID != "" { // already used by creating the account
		back = ""
	}
	next, err := req.beginLogin(auth.LoginRequest{ID: created.ID, Password: req.form.Get("password")}, back)
	return req.continueLogin(next, err, created.Email, func(err error) error { return req.showPasswordStep(back, err) })
}

func (req *pageRequest) joinTeam(by teams.Signup) error {
	if by.InviteID == "" { // the user signed in after opening the form
		return req.showSignupSignedIn(by)
	}
	if _, err := req.services.Teams.JoinTeamByInvite(req.ctx(), req.who, by.InviteID); err != nil {
		return req.showJoin(by, err)
	}
	return req.redirectToPage(accountPage + "?" + flashParam + "=joined")
}
