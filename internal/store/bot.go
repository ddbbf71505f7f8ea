package store

import (
	"context"
	"errors"
	"fmt"

	"muster"
)

const botColumns = "b.user_id, u.username, u.first_name, u.bot_description, b.owner_id, b.last_icon_update, b.create_at, b.update_at, u.delete_at"

const selectBot = "SELECT " + botColumns + " FROM bots b JOIN users u ON u.id = b.user_id WHERE b.user_id = ?"

func scanBot(r scanner) (*muster.Bot, error) {
	b := &muster.Bot{}
	err := r.Scan(&b.UserID, &b.Username, &b.DisplayName, &b.Description, &b.OwnerID, &b.LastIconUpdate, &b.CreateAt, &b.UpdateAt, &b.DeleteAt)
	return b, noRow(err)
}

// InsertBot makes an inserted or locked account a bot of an owner, which may be the account itself, and returns it.
func (t *Tx) InsertBot(ctx context.Context, userID, ownerID string) (*muster.Bot, error) {
	_, err := t.exec(ctx, "INSERT INTO bots (user_id, owner_id, last_icon_update, create_at, update_at) VALUES (?,?,0,?,?)", userID, ownerID, t.now, t.now)
	if err != nil {
		return nil, fmt.Errorf("insert bot: %w", err)
	}
	return t.Bot(ctx, userID)
}

// Bot reads a bot, disabled or not; ErrNotFound. Every change of a bot locks its account first.
func (t *Tx) Bot(ctx context.Context, userID string) (*muster.Bot, error) {
	return scanBot(t.queryRow(ctx, selectBot, userID))
}

// SaveBot writes whom a bot belongs to and when its icon changed. All else about a bot is its account's. ErrNotFound without the bot.
func (t *Tx) SaveBot(ctx context.Context, b *muster.Bot) error {
	t.accountChanged(b.UserID)
	err := changed(t.exec(ctx, "UPDATE bots SET owner_id = ?, last_icon_update = ?, update_at = ? WHERE user_id = ?", b.OwnerID, b.LastIconUpdate, t.now, b.UserID))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("update bot: %w", err)
	}
	return err
}

// DeleteBot makes a bot an account like any other. ErrNotFound when it is no bot.
func (t *Tx) DeleteBot(ctx context.Context, userID string) error {
	t.accountChanged(userID)
	return changed(t.exec(ctx, "DELETE FROM bots WHERE user_id = ?", userID))
}

// DisableBots deactivates the bots of an owner and ends their sessions.
func (t *Tx) DisableBots(ctx context.Context, ownerID string) error {
	rows, err := t.query(ctx, "SELECT u.id FROM users u JOIN bots b ON b.user_id = u.id WHERE b.owner_id = ? AND u.id <> ? AND u.delete_at = 0 ORDER BY u.id", ownerID, ownerID)
	ids, err := collect(rows, err, scanString)
	if err != nil {
		return fmt.Errorf("find bots: %w", err)
	}
	for _, id := range ids {
		if _, err := t.exec(ctx, "UPDATE users SET delete_at = ?, update_at = ?, is_admin = FALSE WHERE id = ?", t.now, t.now, id); err != nil {
			return fmt.Errorf("disable bot: %w", err)
		}
		if err := t.EndSessions(ctx, id, ""); err != nil {
			return err
		}
	}
	return nil
}

// Bot returns a bot, disabled or not; ErrNotFound.
func (s *Store) Bot(ctx context.Context, userID string) (*muster.Bot, error) {
	return scanBot(s.queryRow(ctx, selectBot, userID))
}

// BotFilter selects the bots of a list.
type BotFilter struct {
	OwnerID        string // "" for everybody's
	IncludeDeleted bool
	OnlyOrphaned   bool // whose owner is deactivated or gone
}

// Bots returns a page of bots, oldest first.
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
