package web

import (
	"strings"

	"muster"
)

// sessionRow is a session as its owner knows it.
type sessionRow struct {
	ID, Device, Address string
	SignedIn, LastUsed  stamp
	This                bool // by which the page was asked for
	OfToken             bool // stands for an access token in use
}

func showSessions(v *visit) error { return v.showSessions(nil) }

func (v *visit) showSessions(refused error) error {
	list, err := v.app.Sessions(v.ctx(), v.who, v.who.ID())
	if err != nil {
		return err
	}
	rows := make([]sessionRow, len(list))
	for i, s := range list {
		rows[i] = sessionRow{
			ID: s.ID, Device: device(s), Address: s.IP, SignedIn: stamp(s.CreateAt), LastUsed: stamp(s.LastActivityAt),
			This: s.ID == v.who.Session.ID, OfToken: s.OfAccessToken(),
		}
	}
	return v.show(page{name: "account_sessions", heading: "Sessions", err: refused, data: rows})
}

// device says on what somebody signed in, as far as it told: "Firefox 127 on Windows 10".
func device(s *muster.Session) string {
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

func endSession(v *visit) error {
	id := v.form.Get("session_id")
	err := v.app.RevokeSession(v.ctx(), v.who, v.who.ID(), id)
	switch {
	case muster.IsKind(err, muster.Invalid): // none, or somebody else's, which is the same to who asks
		return v.showSessions(errNoSuchSession)
	case err != nil:
		return v.showSessions(err)
	case id == v.who.Session.ID:
		v.cookies.EndSession(v.w)
		return v.done(signInPage, "signed-out")
	}
	return v.done(sessionsPage, "session-ended")
}

func endOtherSessions(v *visit) error {
	if err := v.app.RevokeOtherSessions(v.ctx(), v.who); err != nil {
		return v.showSessions(err)
	}
	return v.done(sessionsPage, "sessions-ended")
}
