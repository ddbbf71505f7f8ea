package web

import (
	"strings"
	"time"
)

// Pages of the account beside the profile and securityPage.
const (
	twoStepPage  = "/account/security/two-step"
	sessionsPage = "/account/sessions"
	tokensPage   = "/account/tokens"
	dataPage     = "/account/data"
)

// Where forms of the security page are sent that ask for a confirmation.
const (
	twoStepOnPath  = "/account/security/two-step/on"
	twoStepOffPath = "/account/security/two-step/off"
	recoveryPath   = "/account/security/recovery-codes"
)

// accountRoutes are the pages of one's own account. The forms of a page have paths of their own, so that the history and the metrics tell what was done.
var accountRoutes = []route{
	{path: accountPage, get: showProfile, post: saveProfile, access: signedIn},
	{path: "/account/picture", get: servePicture, access: signedIn},
	uploadOf("/account/picture/upload", accountPage, uploadPicture),
	formOf("/account/picture/remove", accountPage, removePicture),
	formOf("/account/email", accountPage, changeEmail),
	formOf("/account/email/confirm", accountPage, sendConfirmation),

	{path: securityPage, get: showSecurity, access: signedIn, enrol: true},
	formOf("/account/security/password", securityPage, changePassword),
	{path: twoStepPage, get: showTwoStep, post: setUpTwoStep, access: signedIn, enrol: true},
	enrolment(formOf(twoStepOnPath, twoStepPage, turnTwoStepOn)),
	formOf(twoStepOffPath, securityPage, turnTwoStepOff),
	formOf(recoveryPath, securityPage, replaceRecoveryCodes),

	{path: sessionsPage, get: showSessions, access: signedIn},
	formOf("/account/sessions/end", sessionsPage, endSession),
	formOf("/account/sessions/end-others", sessionsPage, endOtherSessions),

	{path: tokensPage, get: showTokens, post: createToken, access: signedIn},
	formOf("/account/tokens/revoke", tokensPage, revokeToken),

	{path: dataPage, get: showData, access: signedIn},
	formOf("/account/data/download", dataPage, downloadData),
	formOf(deactivatePath, dataPage, closeAccount),
	formOf(deletePath, dataPage, closeAccount),
}

// formOf is where a form of a page is sent. Who opens the address, perhaps because a browser came back to it, goes to the page.
func formOf(path, page string, post func(*visit) error) route {
	return route{path: path, get: func(v *visit) error { return v.goTo(page) }, post: post, access: signedIn}
}

func uploadOf(path, page string, post func(*visit) error) route {
	r := formOf(path, page, post)
	r.file = "file"
	return r
}

func enrolment(r route) route {
	r.enrol = true
	return r
}

// done goes to a page that begins with good news.
func (v *visit) done(page, notice string) error {
	return v.goTo(page + "?" + noticeParam + "=" + notice)
}

// posted is a field of the form as a patch takes it: nil where the form did not have it.
func (v *visit) posted(name string) *string {
	if !v.form.Has(name) {
		return nil
	}
	value := v.form.Get(name)
	return &value
}

// link is an entry of a navigation.
type link struct {
	Path, Text string
	Here       bool
}

// AccountNav is the navigation of the account's pages; the page of a form is that which it is on.
func (w *view) AccountNav() []link {
	links := []link{
		{Path: accountPage, Text: "Profile"}, {Path: securityPage, Text: "Security"}, {Path: sessionsPage, Text: "Sessions"},
		{Path: tokensPage, Text: "Access tokens"}, {Path: dataPage, Text: "Your data"},
	}
	here := 0
	for i, l := range links {
		if strings.HasPrefix(w.Path, l.Path) { // the profile's path begins every other
			here = i
		}
	}
	links[here].Here = true
	return links
}

// MustEnrol tells whether who is signed in has to set up two-step sign-in before anything else.
func (w *view) MustEnrol() bool { return w.visit.app.MustEnrol(w.visit.who) != nil }

// Of ties the field to where its form is sent, where a page has two forms with a field of that name: a problem is about that of the form which was sent.
func (f field) Of(w *view, path string) field {
	f.Wrong = f.Wrong && w.Path == path
	return f
}

// stamp is a moment (Unix ms) on a page. The template "time" draws it.
type stamp int64

// Machine is the moment as HTML's datetime takes it.
func (s stamp) Machine() string { return time.UnixMilli(int64(s)).UTC().Format(time.RFC3339) }

// Text is the moment for people, in UTC; scripts put the time zone of their reader in its place.
func (s stamp) Text() string { return moment(int64(s)) }
