package directory

import (
	"context"
	"slices"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// Subscribe calls fn with every event that the use cases cause, until cancel is called. fn must not block.
func (d *Directory) Subscribe(fn func(muster.Event)) (cancel func()) { return d.core.Subscribe(fn) }

// OnSessionsChanged calls fn after anything changed that a sign-in of these accounts depends on; nil means everybody's. fn must not block.
func (d *Directory) OnSessionsChanged(fn func(userIDs []string)) { d.core.Cache.OnForget(fn) }

// Recipients narrows connected users, by id, to those who may hear of an event.
func (d *Directory) Recipients(ctx context.Context, e muster.Event, connected []string) ([]string, error) {
	to, ids := e.Audience, connected
	if to.UserID != "" {
		ids = nil
		if slices.Contains(connected, to.UserID) {
			ids = []string{to.UserID}
		}
	}
	if len(to.OmitUsers) > 0 {
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(to.OmitUsers, id) })
	}
	var err error
	if to.ChannelID != "" && len(ids) > 0 {
		if ids, err = d.store.MembersOfChannelAmong(ctx, to.ChannelID, ids); err != nil {
			return nil, err
		}
	}
	if to.TeamID != "" && len(ids) > 0 {
		if ids, err = d.store.MembersOfTeamAmong(ctx, to.TeamID, ids); err != nil {
			return nil, err
		}
	}
	if to.Admins || to.NotAdmins || to.About != "" {
		return d.permittedRecipients(ctx, to, ids)
	}
	return ids, nil
}

// permittedRecipients holds each of the users against the audience's conditions on permissions.
func (d *Directory) permittedRecipients(ctx context.Context, to muster.Audience, ids []string) ([]string, error) {
	var open, restricted []string
	for _, id := range ids {
		u, err := d.core.User(ctx, id)
		if muster.IsKind(err, muster.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if to.Admins || to.NotAdmins {
			admin, err := d.core.Grants(ctx, u.Roles, muster.PermManageSystem)
			if err != nil {
				return nil, err
			}
			if admin && to.NotAdmins || !admin && to.Admins {
				continue
			}
		}
		sees := true
		if to.About != "" {
			if sees, err = d.core.Grants(ctx, u.Roles, muster.PermViewMembers); err != nil {
				return nil, err
			}
		}
		if sees {
			open = append(open, id)
		} else {
			restricted = append(restricted, id)
		}
	}
	if len(restricted) == 0 {
		return open, nil
	}
	seeing, err := d.store.ContactsAmong(ctx, to.About, restricted)
	return append(open, seeing...), err
}

// PublishTyping tells a channel that somebody is typing there. Kinds: Invalid, Forbidden.
func (d *Directory) PublishTyping(ctx context.Context, who *core.Caller, userID, channelID, parentID string) error {
	if who.ID() != userID {
		if err := d.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
			return err
		}
	}
	if parentID != "" && !muster.ValidID(parentID) {
		return muster.InvalidParam("parent_id")
	}
	if err := d.core.RequireChannel(ctx, who, channelID, muster.PermCreatePost); err != nil {
		return err
	}
	if d.core.Config().ServiceSettings.EnableUserTypingMessages {
		d.core.Publish(muster.EventTyping, map[string]any{"parent_id": parentID, "user_id": userID},
			muster.Audience{ChannelID: channelID, OmitUsers: []string{userID}})
	}
	return nil
}

// SetPresence notes that a user came, went idle or left, unless they set their status by hand.
func (d *Directory) SetPresence(ctx context.Context, userID, status string) error {
	if !d.core.Config().ServiceSettings.EnableUserStatuses {
		return nil
	}
	kept, err := d.store.Statuses(ctx, []string{userID})
	if err != nil {
		return err
	}
	old := d.effectiveStatus(userID, kept)
	if old.Manual || old.Status == status {
		return nil
	}
	s := &muster.Status{UserID: userID, Status: status, LastActivityAt: d.core.Now()}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		changed, err := tx.SavePresence(ctx, s) // which looks again: the user may be choosing a status this moment
		if changed {
			tx.Publish(statusChanged(s))
		}
		return err
	})
}
