package directory

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// Status returns a user's status, which is offline if none is stored. Kinds: Forbidden, NotFound.
func (d *Directory) Status(ctx context.Context, who *core.Caller, userID string) (*muster.Status, error) {
	if err := d.core.RequireView(ctx, who, userID); err != nil {
		return nil, err
	}
	if _, err := d.core.User(ctx, userID); err != nil {
		return nil, err
	}
	list, err := d.store.Statuses(ctx, []string{userID})
	if err != nil {
		return nil, fmt.Errorf("read status: %w", err)
	}
	return d.effectiveStatus(userID, list), nil
}

// StatusesByIDs returns the status of each of the users.
func (d *Directory) StatusesByIDs(ctx context.Context, who *core.Caller, userIDs []string) ([]*muster.Status, error) {
	ids, err := core.BoundedList("user_ids", userIDs, muster.ValidID)
	if err != nil {
		return nil, err
	}
	if ids, err = core.FilterVisible(ctx, d.core, who, ids, func(id string) string { return id }); err != nil {
		return nil, err
	}
	kept, err := d.store.Statuses(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read statuses: %w", err)
	}
	list := make([]*muster.Status, len(ids))
	for i, id := range ids {
		list[i] = d.effectiveStatus(id, kept)
	}
	return list, nil
}

// effectiveStatus finds a user's status among those kept; "do not disturb" is over at its end.
func (d *Directory) effectiveStatus(userID string, kept []*muster.Status) *muster.Status {
	for _, s := range kept {
		if s.UserID != userID {
			continue
		}
		if s.Status == muster.StatusDnd && s.DndEndTime > 0 && s.DndEndTime*1000 <= d.core.Now() {
			s.Status, s.Manual, s.DndEndTime = muster.StatusOnline, false, 0
		}
		return s
	}
	return &muster.Status{UserID: userID, Status: muster.StatusOffline}
}

// UpdateStatus sets whether a user is there, by hand. Kinds: Invalid, Forbidden, NotFound, Unimplemented.
func (d *Directory) UpdateStatus(ctx context.Context, who *core.Caller, in *muster.Status) (*muster.Status, error) {
	if err := d.core.RequireEdit(ctx, who, in.UserID); err != nil {
		return nil, err
	}
	if !d.core.Config().ServiceSettings.EnableUserStatuses {
		return nil, muster.E(muster.Unimplemented, "api.status.user_not_found.app_error")
	}
	if !muster.ValidStatus(in.Status) {
		return nil, muster.InvalidParam("status")
	}
	if in.DndEndTime < 0 || in.DndEndTime > muster.DndEndTimeMax {
		return nil, muster.InvalidParam("dnd_end_time")
	}
	if _, err := d.core.User(ctx, in.UserID); err != nil {
		return nil, err
	}
	s := &muster.Status{UserID: in.UserID, Status: in.Status, Manual: true, LastActivityAt: d.core.Now()}
	if in.Status == muster.StatusDnd {
		s.DndEndTime = in.DndEndTime
	}
	may, err := d.core.AuthorityOver(ctx, who, in.UserID)
	if err != nil {
		return nil, err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		if err := may.RequireActOnUser(ctx, tx, in.UserID); err != nil {
			return err
		}
		return d.setStatus(ctx, tx, s)
	})
	return s, err
}

// setStatus saves a status and tells its user.
func (d *Directory) setStatus(ctx context.Context, tx *store.Tx, s *muster.Status) error {
	if err := tx.SaveStatus(ctx, s); err != nil {
		return err
	}
	tx.Publish(statusChanged(s))
	return nil
}

func statusChanged(s *muster.Status) muster.Event {
	return muster.Event{Name: muster.EventStatusChange, Data: map[string]any{"user_id": s.UserID, "status": s.Status}, Audience: muster.Audience{UserID: s.UserID}}
}

// GoOffline sets the status of an account that is deactivated.
func (d *Directory) GoOffline(ctx context.Context, tx *store.Tx, userID string) error {
	if !d.core.Config().ServiceSettings.EnableUserStatuses {
		return nil
	}
	return d.setStatus(ctx, tx, &muster.Status{UserID: userID, Status: muster.StatusOffline, LastActivityAt: d.core.Now()})
}
