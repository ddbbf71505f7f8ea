package web

import (
	"strings"

	"muster"
)

// sessionRow is a session in the list.
type sessionRow struct {
	ID, Device, Address string
	SignedIn, LastUsed  timestamp
	This                bool // the session of this request
	OfToken             bool // the session of an access token
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

// deviceName describes the device of a session, such as "Firefox 127 on Windows 10".
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
	case muster.IsKind(err, muster.Invalid): // unknown, or another user's: the answer must be the same
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
