package core

import (
	"context"

	"muster"
	"muster/internal/store"
)

// Audit returns an audit of what the caller does, for an account's history. It names the session and its user.
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

// AuditSelf returns an audit for the caller's own history.
func (c *Core) AuditSelf(who *Caller, info string) *muster.Audit { return c.Audit(who, who.ID(), info) }

// SaveAudits writes audits of what changes nothing in the database. What does writes them in its own transaction, with Tx.Audit.
func (c *Core) SaveAudits(ctx context.Context, audits ...*muster.Audit) error {
	return c.store.Write(ctx, func(tx *store.Tx) error { return tx.Audit(ctx, audits...) })
}
