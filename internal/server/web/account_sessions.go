package web

import (
	"strings"

	"muster"
)

// sessionRow is a session as its owner knows it.
type sessionRow struct {
	ID, Device, Address string
	SignedIn, LastUsed  timestamp
	This                bool // by which the page was asked for
	OfToken             bool // stands for an access token in use
}

func showSessions(req *pageRequest) error { return req.showSessions(nil) }

func (req *pageRequest) showSessions(formErr error) error {
	list, err := req.services.Auth.Sessions(req.ctx(), req.who, req.who.ID())
	if err != nil {
		return err
	}
	rows := make([]sessionRow, len(list))
	for i, s := range list {
		rows[i] = sessionRow{
			ID: s.ID, Device: deviceName(s), Address: s.IP, SignedIn: timestamp(s.CreateAt), LastUsed: timestamp(s.LastActivityAt),
			This: s.ID == req.who.Session.ID, OfToken: s.OfAccessToken(),
		}
	}
	return req.show(page{name: "account_sessions", heading: "Sessions", err: formErr, data: rows})
}

// device says on what somebody signed in, as far as it told: "Firefox 127 on Windows 10".
func deviceName(s *muster.Session) string {
	browser, version, _ := strings.Cut(s.Props[muster.SessionPropBrowser], "/")
	system := strings.TrimSuffix(s.Props[muster.SessionPropOS], ".0")
	known := browser != "" && browser != "Unknown"
	switch {
	case s.OfAccessToken():
		return "Program with an access token"
	case s.DeviceID != "" && system != "":
		return "App on " + system
	case s.DeviceID != "":
		return "App"
	case !known && system == "":
		return "Program"
	case !known:
		return "Browser on " + system
	}
	major, _, _ := strings.Cut(version, ".")
	return strings.TrimSpace(browser+" "+major) + " on " + system
}

var errNoSuchSession = muster.E(muster.Invalid, "app.session.get.app_error")

func endSession(req *pageRequest) error {
	id := req.form.Get("session_id")
	err := req.services.Auth.RevokeSession(req.ctx(), req.who, req.who.ID(), id)
	switch {
	case muster.IsKind(err, muster.Invalid): // none, or somebody else's, which is the same to who asks
		return req.showSessions(errNoSuchSession)
	case err != nil:
		return req.showSessions(err)
	case id == req.who.Session.ID:
		req.cookies.ClearToken(req.w)
		return req.redirectWithFlash(loginPage, "signed-out")
	}
	return req.redirectWithFlash(sessionsPage, "session-ended")
}

func endOtherSessions(req *pageRequest) error {
	if err := req.services.Auth.RevokeOtherSessions(req.ctx(), req.who); err != nil {
		return req.showSessions(err)
	}
	return req.redirectWithFlash(sessionsPage, "sessions-ended")
}
