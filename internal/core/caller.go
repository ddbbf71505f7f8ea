package core

import (
	"muster"
	"muster/internal/auth/password"
	"muster/internal/network"
)

// Caller is who calls a use case, and over which request.
type Caller struct {
	Session   *muster.Session // nil if not signed in
	User      *muster.User    // the session's account; nil for the local socket
	IP        string
	UserAgent string
	RequestID string
	Path      string // of the request; an audit's action
	// DeviceTokens are cookies that earlier sign-ins left on the device.
	DeviceTokens []string
	// Former is the session that a sign-in request came with, nil for none. It only shows that the account knows the device.
	Former *muster.Session
}

// ID returns the caller's user id, "" for a caller who is not signed in.
func (c *Caller) ID() string {
	if c.Session == nil {
		return ""
	}
	return c.Session.UserID
}

// Network returns the network that the caller's unauthenticated requests are counted against.
func (c *Caller) Network() network.Network { return network.Of(c.IP) }

// ByLink returns the caller of a request that a mailed link authorizes: without the session, which may be somebody else's than the link's owner.
func (c *Caller) ByLink() *Caller {
	owner := *c
	owner.Session, owner.User = nil, nil
	return &owner
}

// Origin returns what the caller's password hashes are queued by.
func (c *Caller) Origin() password.Origin {
	return password.Origin{Network: c.Network(), Account: c.ID()}
}

// Local reports whether the caller is connected to the server's local socket.
func (c *Caller) Local() bool { return c.Session != nil && c.Session.Local }

// Roles returns the caller's system roles as they are now, separated by spaces.
func (c *Caller) Roles() string {
	switch {
	case c.Session == nil:
		return ""
	case c.Session.Local:
		return muster.RoleSystemAdmin
	case c.User == nil:
		return c.Session.Roles
	}
	return c.User.Roles
}
