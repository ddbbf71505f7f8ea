package store

import (
	"context"
	"errors"
	"fmt"

	"muster"
)

// OwnerOf locks and returns the account that a bot belongs to; nil for people, and for a bot that is its own or belongs to no account.
func (t *Tx) OwnerOf(ctx context.Context, u *muster.User) (*muster.User, error) {
	if !u.IsBot {
		return nil, nil
	}
	owner, err := scanUser(t.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE u.id = (SELECT owner_id FROM bots WHERE user_id = ?) AND u.id <> ?"+
		t.s.dialect.forUpdate(), u.ID, u.ID))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lock a bot's owner: %w", err)
	}
	return owner, nil
}
