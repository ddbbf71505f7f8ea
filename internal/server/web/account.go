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
	{path: accountPage, get: showProfile, post: saveProfile, access: signedInOnly},
	{path: "/account/picture", get: servePicture, access: signedInOnly},
	uploadRoute("/account/picture/upload", accountPage, uploadPicture),
	formRoute("/account/picture/remove", accountPage, removePicture),
	formRoute("/account/email", accountPage, changeEmail),
	formRoute("/account/email/confirm", accountPage, sendConfirmation),

	{path: securityPage, get: showSecurity, access: signedInOnly, allowUnenrolled: true},
	formRoute("/account/security/password", securityPage, changePassword),
	{path: twoStepPage, get: showTwoStep, post: setUpTwoStep, access: signedInOnly, allowUnenrolled: true},
	whileUnenrolled(formRoute(twoStepOnPath, twoStepPage, turnTwoStepOn)),
	formRoute(twoStepOffPath, securityPage, turnTwoStepOff),
	formRoute(recoveryPath, securityPage, replaceRecoveryCodes),

	{path: sessionsPage, get: showSessions, access: signedInOnly},
	formRoute("/account/sessions/end", sessionsPage, endSession),
	formRoute("/account/sessions/end-others", sessionsPage, endOtherSessions),

	{path: tokensPage, get: showTokens, post: createToken, access: signedInOnly},
	formRoute("/account/tokens/revoke", tokensPage, revokeToken),

	{path: dataPage, get: showData, access: signedInOnly},
	formRoute("/account/data/download", dataPage, downloadData),
	formRoute(deactivatePath, dataPage, closeAccount),
	formRoute(deletePath, dataPage, closeAccount),
}

// formOf is where a form of a page is sent. Who opens the address, perhaps because a browser came back to it, goes to the page.
func formRoute(path, page string, post func(*pageRequest) error) route {
	return route{path: path, get: func(req *pageRequest) error { return req.redirectToPage(page) }, post: post, access: signedInOnly}
}

func uploadRoute(path, page string, post func(*pageRequest) error) route {
	r := formRoute(path, page, post)
	r.file = "file"
	return r
}

func whileUnenrolled(r route) route {
	r.allowUnenrolled = true
	return r
}

// done goes to a page that begins with good news.
func (req *pageRequest) redirectWithFlash(page, notice string) error {
	return req.redirectToPage(page + "?" + flashParam + "=" + notice)
}

// posted is a field of the form as a patch takes it: nil where the form did not have it.
func (req *pageRequest) formField(name string) *string {
	if !req.form.Has(name) {
		return nil
	}
	value := req.form.Get(name)
	return &value
}

// link is an entry of a navigation.
type navLink struct {
	Path, Text string
	Here       bool
}

// AccountNav is the navigation of the account's pages; the page of a form is that which it is on.
func (v *view) AccountNav() []navLink {
	links := []navLink{
		{Path: accountPage, Text: "Profile"}, {Path: securityPage, Text: "Security"}, {Path: sessionsPage, Text: "Sessions"},
		{Path: tokensPage, Text: "Access tokens"}, {Path: dataPage, Text: "Your data"},
	}
	here := 0
	for i, l := range links {
		if strings.HasPrefix(v.Path, l.Path) { // the profile's path begins every other
			here = i
		}
	}
	links[here].Here = true
	return links
}

// MustEnrol tells whether who is signed in has to set up two-step sign-in before anything else.
func (v *view) MustEnrol() bool {
	return v.request.services.Auth.RequireMfaEnrolment(v.request.who) != nil
}

// Of ties the field to where its form is sent, where a page has two forms with a field of that name: a problem is about that of the form which was sent.
func (f field) OfForm(v *view, path string) field {
	f.Wrong = f.Wrong && v.Path == path
	return f
}

// stamp is a moment (Unix ms) on a page. The template "time" draws it.
type timestamp int64

// Machine is the moment as HTML's datetime takes it.
func (s timestamp) RFC3339() string { return time.UnixMilli(int64(s)).UTC().Format(time.RFC3339) }

// Text is the moment for people, in UTC; scripts put the time zone of their reader in its place.
func (s timestamp) Text() string { return formatTime(int64(s)) }
