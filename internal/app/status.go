package app

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/store"
)

// Status tells whether a user is there; offline for one nothing is known of. Kinds: Forbidden, NotFound.
func (a *App) Status(ctx context.Context, who *Caller, userID string) (*muster.Status, error) {
	if err := a.mayView(ctx, who, userID); err != nil {
		return nil, err
	}
	if _, err := a.user(ctx, userID); err != nil {
		return nil, err
	}
	list, err := a.store.Statuses(ctx, []string{userID})
	if err != nil {
		return nil, fmt.Errorf("read status: %w", err)
	}
	return a.settled(userID, list), nil
}

// StatusesByIDs tells of each of the users whether they are there.
func (a *App) StatusesByIDs(ctx context.Context, who *Caller, userIDs []string) ([]*muster.Status, error) {
	ids, err := boundedList("user_ids", userIDs, muster.ValidID)
	if err != nil {
		return nil, err
	}
	if ids, err = narrowed(ctx, a, who, ids, func(id string) string { return id }); err != nil {
		return nil, err
	}
	kept, err := a.store.Statuses(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read statuses: %w", err)
	}
	list := make([]*muster.Status, len(ids))
	for i, id := range ids {
		list[i] = a.settled(id, kept)
	}
	return list, nil
}

// settled finds a user's status among those kept; "do not disturb" is over at its end.
func (a *App) settled(userID string, kept []*muster.Status) *muster.Status {
	for _, s := range kept {
		if s.UserID != userID {
			continue
		}
		if s.Status == muster.StatusDnd && s.DndEndTime > 0 && s.DndEndTime*1000 <= a.now() {
			s.Status, s.Manual, s.DndEndTime = muster.StatusOnline, false, 0
		}
		return s
	}
	return &muster.Status{UserID: userID, Status: muster.StatusOffline}
}

// UpdateStatus sets whether a user is there, by hand. Kinds: Invalid, Forbidden, NotFound, Unimplemented.
func (a *App) UpdateStatus(ctx context.Context, who *Caller, in *muster.Status) (*muster.Status, error) {
	if err := a.mayEdit(ctx, who, in.UserID); err != nil {
		return nil, err
	}
	if !a.Config().ServiceSettings.EnableUserStatuses {
		return nil, muster.E(muster.Unimplemented, "api.status.user_not_found.app_error")
	}
	if !muster.ValidStatus(in.Status) {
		return nil, muster.InvalidParam("status")
	}
	if in.DndEndTime < 0 || in.DndEndTime > muster.DndEndTimeMax {
		return nil, muster.InvalidParam("dnd_end_time")
	}
	if _, err := a.user(ctx, in.UserID); err != nil {
		return nil, err
	}
	s := &muster.Status{UserID: in.UserID, Status: in.Status, Manual: true, LastActivityAt: a.now()}
	if in.Status == muster.StatusDnd {
		s.DndEndTime = in.DndEndTime
	}
	guard, err := a.guard(ctx, who, in.UserID)
	if err != nil {
		return nil, err
	}
	return s, a.setStatus(ctx, s, guard)
}

func (a *App) setStatus(ctx context.Context, s *muster.Status, guard store.Guard) error {
	if err := a.store.SaveStatus(ctx, s, guard); err != nil {
		return fmt.Errorf("save status: %w", err)
	}
	a.publishStatus(s)
	return nil
}

func (a *App) publishStatus(s *muster.Status) {
	a.publish(muster.EventStatusChange, map[string]any{"user_id": s.UserID, "status": s.Status}, muster.Audience{UserID: s.UserID})
}

// goOffline follows a deactivation.
func (a *App) goOffline(ctx context.Context, userID string) error {
	if !a.Config().ServiceSettings.EnableUserStatuses {
		return nil
	}
	return a.setStatus(ctx, &muster.Status{UserID: userID, Status: muster.StatusOffline, LastActivityAt: a.now()}, nil)
}
