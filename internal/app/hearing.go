package app

import (
	"context"
	"encoding/json"
	"slices"

	"muster"
)

// Subscribe calls fn with every event that the use cases cause, until cancel is called. fn must not block.
func (a *App) Subscribe(fn func(muster.Event)) (cancel func()) { return a.bus.Subscribe(fn) }

// OnSignInsChanged calls fn after anything changed that a sign-in of these accounts depends on; nil means everybody's. fn must not block.
func (a *App) OnSignInsChanged(fn func(userIDs []string)) { a.cache.onForget(fn) }

// Recipients narrows connected users, by id, to those who may hear of an event.
func (a *App) Recipients(ctx context.Context, e muster.Event, connected []string) ([]string, error) {
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
		if ids, err = a.store.MembersOfChannelAmong(ctx, to.ChannelID, ids); err != nil {
			return nil, err
		}
	}
	if to.TeamID != "" && len(ids) > 0 {
		if ids, err = a.store.MembersOfTeamAmong(ctx, to.TeamID, ids); err != nil {
			return nil, err
		}
	}
	if to.Admins || to.NotAdmins || to.About != "" {
		return a.permittedRecipients(ctx, to, ids)
	}
	return ids, nil
}

// permittedRecipients holds each of the users against the audience's conditions on permissions.
func (a *App) permittedRecipients(ctx context.Context, to muster.Audience, ids []string) ([]string, error) {
	var open, restricted []string
	for _, id := range ids {
		u, err := a.user(ctx, id)
		if muster.IsKind(err, muster.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if to.Admins || to.NotAdmins {
			admin, err := a.grants(ctx, u.Roles, muster.PermManageSystem)
			if err != nil {
				return nil, err
			}
			if admin && to.NotAdmins || !admin && to.Admins {
				continue
			}
		}
		sees := true
		if to.About != "" {
			if sees, err = a.grants(ctx, u.Roles, muster.PermViewMembers); err != nil {
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
	seeing, err := a.store.PeopleAmong(ctx, to.About, restricted)
	return append(open, seeing...), err
}

// jsonText is how the protocol carries some objects inside an event: as text (websocket.json, encoding).
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // plain structs always encode
	}
	return string(b)
}

// PublishTyping tells a channel that somebody is typing there. Kinds: Invalid, Forbidden.
func (a *App) PublishTyping(ctx context.Context, who *Caller, userID, channelID, parentID string) error {
	if who.ID() != userID {
		if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
			return err
		}
	}
	if parentID != "" && !muster.ValidID(parentID) {
		return muster.InvalidParam("parent_id")
	}
	if err := a.requireChannel(ctx, who, channelID, muster.PermCreatePost); err != nil {
		return err
	}
	if a.Config().ServiceSettings.EnableUserTypingMessages {
		a.publish(muster.EventTyping, map[string]any{"parent_id": parentID, "user_id": userID},
			muster.Audience{ChannelID: channelID, OmitUsers: []string{userID}})
	}
	return nil
}

// SetPresence notes that a user came, went idle or left, unless they set their status by hand.
func (a *App) SetPresence(ctx context.Context, userID, status string) error {
	if !a.Config().ServiceSettings.EnableUserStatuses {
		return nil
	}
	kept, err := a.store.Statuses(ctx, []string{userID})
	if err != nil {
		return err
	}
	old := a.settled(userID, kept)
	if old.Manual || old.Status == status {
		return nil
	}
	s := &muster.Status{UserID: userID, Status: status, LastActivityAt: a.now()}
	changed, err := a.store.SavePresence(ctx, s) // which looks again: the user may be choosing a status this moment
	if err != nil || !changed {
		return err
	}
	a.publishStatus(s)
	return nil
}
