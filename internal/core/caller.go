package core

import (
	"errors"

	"muster"
	"muster/internal/auth/password"
	"muster/internal/network"
	"muster/internal/store"
)

// Caller is who asks for a use case, and over which request.
type Caller struct {
	Session   *muster.Session // nil without a sign-in
	User      *muster.User    // the session's account; nil for the local socket
	IP        string
	UserAgent string
	RequestID string
	// DeviceTokens are what earlier sign-ins left on the device.
	DeviceTokens []string
	// Former is the session that a request for a new one came with, nil for none: it shows a device that the account knows, and nothing else.
	Former *muster.Session
	Path   string // of the request: an audit's action
}

// ID is the caller's user id, "" without a sign-in.
func (c *Caller) ID() string {
	if c.Session == nil {
		return ""
	}
	return c.Session.UserID
}

// Network is what the caller is counted by where strangers are limited.
func (c *Caller) Network() network.Network { return network.Of(c.IP) }

// ByLink is the caller as what a mailed link allows is done: the link's owner does it, whoever else is signed in there.
func (c *Caller) ByLink() *Caller {
	owner := *c
	owner.Session, owner.User = nil, nil
	return &owner
}

// Origin is what the caller's hashes are queued by.
func (c *Caller) Origin() password.Origin {
	return password.Origin{Network: c.Network(), Account: c.ID()}
}

// Local tells whether the caller is on the server's own machine, over its local socket.
func (c *Caller) Local() bool { return c.Session != nil && c.Session.Local }

// Audit is a line for userID's history; session_user tells whose session did it.
func (c *Core) Audit(who *Caller, userID, info string) *muster.Audit {
	au := &muster.Audit{ID: muster.NewID(), CreateAt: c.Now(), UserID: userID, Action: who.Path, ExtraInfo: info, IPAddress: who.IP}
	if who.Session != nil {
		au.SessionID = who.Session.ID
		if info != "" {
			au.ExtraInfo += " "
		}
		au.ExtraInfo += "session_user=" + who.Session.UserID
	}
	return au
}

// AuditSelf is a line for the caller's own history.
func (c *Core) AuditSelf(who *Caller, info string) *muster.Audit { return c.Audit(who, who.ID(), info) }

// BadText tells whether a use case failed for a text that no row can hold: the request's fault, which the reader of one field can't see.
func BadText(err error) bool { return store.Unstorable(err) }

// Missing turns the store's "no such row" into the protocol's error and leaves other errors alone.
func Missing(err error, kind muster.Kind, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return muster.E(kind, id, err)
	}
	return err
}

// MissingAccount is the protocol's answer for a user id that nobody has.
func MissingAccount(err error) error {
	return Missing(err, muster.NotFound, "app.user.missing_account.const")
}
