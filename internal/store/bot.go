package store

import (
	"context"
	"fmt"

	"muster"
)

const botColumns = "b.user_id, u.username, u.first_name, u.bot_description, b.owner_id, b.last_icon_update, b.create_at, b.update_at, u.delete_at"

func scanBot(r scanner) (*muster.Bot, error) {
	b := &muster.Bot{}
	err := r.Scan(&b.UserID, &b.Username, &b.DisplayName, &b.Description, &b.OwnerID, &b.LastIconUpdate, &b.CreateAt, &b.UpdateAt, &b.DeleteAt)
	return b, noRow(err)
}

// CreateBot inserts a bot with its account; a taken username is refused as in CreateUser.
func (s *Store) CreateBot(ctx context.Context, u *muster.User, ownerID string, audits ...*muster.Audit) (bot *muster.Bot, err error) {
	err = s.WriteGrowing(ctx, func(t *Tx) error {
		if err := t.insertUser(ctx, u); err != nil {
			return err
		}
		if bot, err = t.insertBot(ctx, u.ID, ownerID); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return bot, err
}

func (t *Tx) insertBot(ctx context.Context, userID, ownerID string) (*muster.Bot, error) {
	_, err := t.exec(ctx, "INSERT INTO bots (user_id, owner_id, last_icon_update, create_at, update_at) VALUES (?,?,0,?,?)", userID, ownerID, t.now, t.now)
	if err != nil {
		return nil, fmt.Errorf("insert bot: %w", err)
	}
	return t.bot(ctx, userID)
}

func (t *Tx) bot(ctx context.Context, userID string) (*muster.Bot, error) {
	return scanBot(t.queryRow(ctx, "SELECT "+botColumns+" FROM bots b JOIN users u ON u.id = b.user_id WHERE b.user_id = ?", userID))
}

// Bot reads a bot, disabled or not.
func (s *Store) Bot(ctx context.Context, userID string) (*muster.Bot, error) {
	return scanBot(s.queryRow(ctx, "SELECT "+botColumns+" FROM bots b JOIN users u ON u.id = b.user_id WHERE b.user_id = ?", userID))
}

// BotFilter says which bots a list holds.
type BotFilter struct {
	OwnerID        string // "" for everybody's
	IncludeDeleted bool
	OnlyOrphaned   bool // whose owner is deactivated or gone
}

// Bots gives a page of bots, oldest first.
func (s *Store) Bots(ctx context.Context, f BotFilter, offset, limit int) ([]*muster.Bot, error) {
	c := &condition{}
	if f.OwnerID != "" {
		c.add("b.owner_id = ?", f.OwnerID)
	}
	if !f.IncludeDeleted {
		c.add("u.delete_at = 0")
	}
	if f.OnlyOrphaned {
		c.add("NOT EXISTS (SELECT 1 FROM users o WHERE o.id = b.owner_id AND o.delete_at = 0)")
	}
	rows, err := s.query(ctx, "SELECT "+botColumns+" FROM bots b JOIN users u ON u.id = b.user_id"+c.where()+" ORDER BY b.create_at, b.user_id LIMIT ? OFFSET ?",
		append(c.args, limit, offset)...)
	return collect(rows, err, scanBot)
}

// UpdateBot changes a bot with its account and returns both as they are then. apply gets the freshly read bot. A new owner is held against the guard
// too, and is an active person, or the change is refused: kind Invalid.
func (s *Store) UpdateBot(ctx context.Context, userID string, guard Guard, apply func(*muster.Bot, *muster.User) error, audits ...*muster.Audit) (bot *muster.Bot, after *muster.User, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		before, err := t.user(ctx, userID)
		if err != nil {
			return err
		}
		if bot, err = t.bot(ctx, userID); err != nil {
			return err
		}
		if err := t.guardLocked(ctx, before, guard); err != nil {
			return err
		}
		after = before.Clone()
		formerOwner := bot.OwnerID
		if err := apply(bot, after); err != nil {
			return err
		}
		if bot.OwnerID != formerOwner {
			if err := t.guardOwner(ctx, bot.OwnerID, guard); err != nil {
				return err
			}
		}
		bot.UpdateAt, after.UpdateAt = t.now, t.now
		if err := t.saveUser(ctx, before, after); err != nil {
			return err
		}
		if after.DeleteAt != 0 {
			if err := t.EndSessions(ctx, userID, ""); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "UPDATE bots SET owner_id = ?, last_icon_update = ?, update_at = ? WHERE user_id = ?", bot.OwnerID, bot.LastIconUpdate, t.now, userID); err != nil {
			return fmt.Errorf("update bot: %w", err)
		}
		if bot, err = t.bot(ctx, userID); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return bot, after, err
}

// guardOwner holds the account that is to own a bot against the guard: an active person.
func (t *Tx) guardOwner(ctx context.Context, ownerID string, guard Guard) error {
	owner, err := t.user(ctx, ownerID)
	if err != nil {
		return err
	}
	if owner.IsBot || owner.DeleteAt != 0 {
		return muster.InvalidURLParam("user_id")
	}
	return t.guardLocked(ctx, owner, guard)
}

// BecomeBot turns a person's account into a bot: its sessions end, its access tokens stay. apply changes the account.
func (s *Store) BecomeBot(ctx context.Context, userID, ownerID string, apply func(*muster.User) error, audits ...*muster.Audit) (bot *muster.Bot, after *muster.User, err error) {
	err = s.convert(ctx, userID, apply, audits, func(t *Tx, u *muster.User) error {
		after = u
		if _, err := t.exec(ctx, "DELETE FROM mail_tokens WHERE user_id = ?", userID); err != nil {
			return fmt.Errorf("void mailed links: %w", err)
		}
		if err := t.replaceRecoveryCodes(ctx, userID, nil); err != nil {
			return fmt.Errorf("drop recovery codes: %w", err)
		}
		bot, err = t.insertBot(ctx, userID, ownerID)
		return err
	})
	return bot, after, err
}

// BecomeUser turns a bot into a person's account: its sessions end and its access tokens are revoked, for others may hold them.
// ErrNotFound when it is no bot.
func (s *Store) BecomeUser(ctx context.Context, userID string, apply func(*muster.User) error, audits ...*muster.Audit) (after *muster.User, err error) {
	err = s.convert(ctx, userID, apply, audits, func(t *Tx, u *muster.User) error {
		after = u
		if err := changed(t.exec(ctx, "DELETE FROM bots WHERE user_id = ?", userID)); err != nil {
			return err
		}
		_, err := t.RevokeAccessTokens(ctx, userID)
		return err
	})
	return after, err
}

func (s *Store) convert(ctx context.Context, userID string, apply func(*muster.User) error, audits []*muster.Audit, then func(*Tx, *muster.User) error) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.lockAdmins(ctx, userID); err != nil {
			return err
		}
		before, err := t.user(ctx, userID)
		if err != nil {
			return err
		}
		after := before.Clone()
		if err := apply(after); err != nil {
			return err
		}
		after.UpdateAt = t.now
		if err := t.saveUser(ctx, before, after); err != nil {
			return err
		}
		if err := t.EndSessions(ctx, userID, ""); err != nil {
			return err
		}
		if err := then(t, after); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// DisableBots deactivates the bots of an owner and ends their sessions; it gives their ids.
func (t *Tx) DisableBots(ctx context.Context, ownerID string) ([]string, error) {
	rows, err := t.query(ctx, "SELECT u.id FROM users u JOIN bots b ON b.user_id = u.id WHERE b.owner_id = ? AND u.id <> ? AND u.delete_at = 0 ORDER BY u.id", ownerID, ownerID)
	ids, err := collect(rows, err, scanString)
	if err != nil {
		return nil, fmt.Errorf("find bots: %w", err)
	}
	for _, id := range ids {
		if _, err := t.exec(ctx, "UPDATE users SET delete_at = ?, update_at = ?, is_admin = FALSE WHERE id = ?", t.now, t.now, id); err != nil {
			return nil, fmt.Errorf("disable bot: %w", err)
		}
		if err := t.EndSessions(ctx, id, ""); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
