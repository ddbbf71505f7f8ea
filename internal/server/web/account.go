package web

import (
	"strings"
	"time"
)

// Account pages other than the profile and securityPage.
const (
	twoStepPage  = "/account/security/two-step"
	sessionsPage = "/account/sessions"
	tokensPage   = "/account/tokens"
	dataPage     = "/account/data"
)

// Targets of the security page's forms that require reauthentication.
const (
	twoStepOnPath  = "/account/security/two-step/on"
	twoStepOffPath = "/account/security/two-step/off"
	recoveryPath   = "/account/security/recovery-codes"
)

// accountRoutes are the pages of the user's own account. Each form has its own path, so that audit records and metrics
// say what was done.
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

// formRoute returns the route of a form on page. Opening its address with GET, as browsers do when they come back to it,
// redirects to the page.
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

// redirectWithFlash redirects to page, which shows the flash of that name.
func (req *pageRequest) redirectWithFlash(page, notice string) error {
	return req.redirectToPage(page + "?" + flashParam + "=" + notice)
}

// formField returns a field of the submitted form, or nil if the form didn't have it.
func (req *pageRequest) formField(name string) *string {
	if !req.form.Has(name) {
		return nil
	}
	value := req.form.Get(name)
	return &value
}

// navLink is an entry of a navigation.
type navLink struct {
	Path, Text string
	Here       bool
}

// AccountNav returns the navigation of the account pages. A form's path belongs to the page the form is on.
func (v *view) AccountNav() []navLink {
	links := []navLink{
		{Path: accountPage, Text: "Profile"}, {Path: securityPage, Text: "Security"}, {Path: sessionsPage, Text: "Sessions"},
		{Path: tokensPage, Text: "Access tokens"}, {Path: dataPage, Text: "Your data"},
	}
	here := 0
	for i, l := range links {
		if strings.HasPrefix(v.Path, l.Path) { // the profile's path is a prefix of all others
			here = i
		}
	}
	links[here].Here = true
	return links
}

// MustEnrol reports whether the user must set up two-step sign-in before anything else.
func (v *view) MustEnrol() bool {
	return v.request.services.Auth.RequireMfaEnrolment(v.request.who) != nil
}

// OfForm ties the field to the form with that action, where several forms of a page have a field of the same name: an
// error is about the form that was submitted.
func (f field) OfForm(v *view, path string) field {
	f.Wrong = f.Wrong && v.Path == path
	return f
}

// timestamp is a time (Unix ms) on a page, rendered by the template "time".
type timestamp int64

// RFC3339 returns the time for HTML's datetime attribute.
func (s timestamp) RFC3339() string { return time.UnixMilli(int64(s)).UTC().Format(time.RFC3339) }

// Text returns the time for people, in UTC; a script converts it to the reader's time zone.
func (s timestamp) Text() string { return formatTime(int64(s)) }
