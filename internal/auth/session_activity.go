package auth

import (
	"context"
	"sync"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	activitySlack = 5 * core.Minute // an older activity is written down anew
	activityMax   = 100_000         // sessions that are remembered
	expiredBatch  = 1000
)

// activity remembers when sessions were last used, so that a read does not cost a write.
type activity struct {
	mu   sync.Mutex
	seen map[string]seen // by session id
}

type seen struct {
	userID        string
	at, writtenAt int64
}

func newActivity() *activity { return &activity{seen: map[string]seen{}} }

// saw notes a session's use. With activityMax remembered, another one's counts from after the next write, which forgets them all.
func (t *activity) saw(sessionID, userID string, now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, known := t.seen[sessionID]
	if !known && len(t.seen) >= activityMax {
		return
	}
	s.userID, s.at = userID, now
	t.seen[sessionID] = s
}

func (t *activity) last(sessionID string) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen[sessionID].at
}

// due returns the sessions whose activity is to be written, and forgets those that went quiet.
func (t *activity) due(now int64, all bool) map[string]seen {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[string]seen{}
	full := len(t.seen) >= activityMax
	for id, s := range t.seen {
		if full {
			if s.at > s.writtenAt {
				out[id] = s
			}
			delete(t.seen, id)
			continue
		}
		switch {
		case s.at > s.writtenAt && (all || s.at-s.writtenAt >= activitySlack):
			out[id] = s
			s.writtenAt = s.at
			t.seen[id] = s
		case now-s.at > core.Hour:
			delete(t.seen, id)
		}
	}
	return out
}

// WriteActivity writes down when sessions were last used: all of it, or what is not written down lately.
func (a *Auth) WriteActivity(ctx context.Context, all bool) error {
	due := a.activity.due(a.core.Now(), all)
	if len(due) == 0 {
		return nil
	}
	ends := map[string]int64{}
	for id, s := range due {
		if end, ok := a.extension(ctx, id, s); ok {
			ends[id] = end
		}
	}
	return a.store.Write(ctx, func(tx *store.Tx) error {
		for id, s := range due {
			if err := tx.TouchSession(ctx, id, s.at); err != nil {
				return err
			}
			if end, ok := ends[id]; ok {
				if err := tx.ExtendSession(ctx, s.userID, id, end); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// extension is the new end of a session in use, when ExtendSessionLengthWithActivity asks for one. It moves in
// steps of a day, or of a hundredth of a short session's length, so that activity seldom costs a write.
func (a *Auth) extension(ctx context.Context, sessionID string, s seen) (int64, bool) {
	c := a.core.Config().ServiceSettings
	if !c.ExtendSessionLengthWithActivity {
		return 0, false
	}
	session, err := a.store.Session(ctx, sessionID)
	if err != nil || session.ExpiresAt == 0 || session.OfAccessToken() {
		return 0, false
	}
	length := int64(a.sessionHours(session)) * core.Hour
	end := s.at + length
	return end, end-session.ExpiresAt >= min(core.Day, length/100)
}

func (a *Auth) sessionHours(s *muster.Session) int {
	c := a.core.Config().ServiceSettings
	switch {
	case s.DeviceID != "":
		return c.SessionLengthMobileInHours
	case s.IsOAuth || s.Props[muster.SessionPropIsOAuthUser] == "true" || s.Props[muster.SessionPropIsSaml] == "true":
		return c.SessionLengthSSOInHours
	}
	return c.SessionLengthWebInHours
}

// sessionEnd is the expiry of a session that begins now; 0 hours: never.
func (a *Auth) sessionEnd(hours int) int64 {
	if hours <= 0 {
		return 0
	}
	return a.core.Now() + int64(hours)*core.Hour
}

// RemoveExpiredSessions removes sessions that are over, a bounded number at a time.
func (a *Auth) RemoveExpiredSessions(ctx context.Context) error {
	return a.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.DeleteExpiredSessions(ctx, a.core.Now(), expiredBatch)
		return err
	})
}

// RemoveExpiredNetworks removes known networks whose time is over, a bounded number at a time.
func (a *Auth) RemoveExpiredNetworks(ctx context.Context) error {
	return a.store.Write(ctx, func(tx *store.Tx) error { return tx.DeleteExpiredNetworks(ctx, a.core.Now(), expiredBatch) })
}
