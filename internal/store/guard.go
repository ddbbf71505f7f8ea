package store

import (
	"context"
	"errors"
	"fmt"

	"muster"
)

// Guard decides on an account, and for a bot on its owner as well, whether somebody else may change it; owner is nil for people and for bots that
// belong to nobody. Its error undoes everything. The rows stay locked until the transaction's end, so that what was decided on still holds as the
// change is written (docs/adr/0020-acting-on-accounts.md). A nil Guard allows every change.
type Guard func(u, owner *muster.User) error

// OwnerOf locks and returns the account that a bot belongs to; nil for people, and for a bot that is its own or belongs to no account.
func (t *Tx) OwnerOf(ctx context.Context, u *muster.User) (*muster.User, error) {
	owner, err := t.ownerOf(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("lock a bot's owner: %w", err)
	}
	return owner, nil
}

// guard locks an account and holds it against g; one that is not there has nothing to protect.
func (t *Tx) guard(ctx context.Context, userID string, g Guard) error {
	if g == nil {
		return nil
	}
	u, err := t.user(ctx, userID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("lock account: %w", err)
	}
	return t.guardLocked(ctx, u, g)
}

// guardLocked holds an account that is locked already against g.
func (t *Tx) guardLocked(ctx context.Context, u *muster.User, g Guard) error {
	if g == nil {
		return nil
	}
	owner, err := t.ownerOf(ctx, u)
	if err != nil {
		return fmt.Errorf("lock a bot's owner: %w", err)
	}
	return g(u, owner)
}

// ownerOf locks and returns the account that a bot belongs to; nil for people, and for a bot that is its own or belongs to no account.
func (t *Tx) ownerOf(ctx context.Context, u *muster.User) (*muster.User, error) {
	if !u.IsBot {
		return nil, nil
	}
	owner, err := scanUser(t.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE u.id = (SELECT owner_id FROM bots WHERE user_id = ?) AND u.id <> ?"+
		t.s.dialect.forUpdate(), u.ID, u.ID))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return owner, err
}
