package store

import (
	"context"
	"fmt"

	"muster"
)

// UserForUpdate reads an account by id and holds it as it is until the transaction's end; ErrNotFound. It makes changes of administrators wait for each
// other.
func (t *Tx) UserForUpdate(ctx context.Context, id string) (*muster.User, error) {
	if err := t.lockAdmins(ctx, id); err != nil {
		return nil, err
	}
	u, err := t.user(ctx, id)
	if err != nil {
		return nil, err
	}
	if t.locked == nil {
		t.locked = map[string]*muster.User{}
	}
	t.locked[id] = u.Clone()
	return u, nil
}

// LockUser reads an account by id and holds it as it is until the transaction's end; ErrNotFound. It is for changes beside the account, such as its
// sessions: to change the account itself takes UserForUpdate.
func (t *Tx) LockUser(ctx context.Context, id string) (*muster.User, error) { return t.user(ctx, id) }

// SaveUser writes an account that UserForUpdate read, tells those who see it, and makes mailed links to a former address void. The last active
// administrator can't stop being one (app.user.update.lastAdmin.app_error); taken names are refused as for a new account.
func (t *Tx) SaveUser(ctx context.Context, u *muster.User) error {
	before, ok := t.locked[u.ID]
	if !ok {
		return fmt.Errorf("save user %s: not read for update", u.ID)
	}
	if err := t.saveUser(ctx, before, u); err != nil {
		return err
	}
	if before.Email != u.Email {
		if err := t.VoidAllLinks(ctx, u.ID); err != nil {
			return err
		}
	}
	t.locked[u.ID] = u.Clone()
	t.changes.Updated = append(t.changes.Updated, u.Clone())
	return nil
}

// SetSessionRoles has an account's sessions carry these roles from now on.
func (t *Tx) SetSessionRoles(ctx context.Context, userID, roles string) error {
	t.accountChanged(userID)
	if _, err := t.exec(ctx, "UPDATE sessions SET roles = ? WHERE user_id = ?", roles, userID); err != nil {
		return fmt.Errorf("set sessions' roles: %w", err)
	}
	return nil
}

func (t *Tx) user(ctx context.Context, id string) (*muster.User, error) {
	return scanUser(t.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE u.id = ?"+t.s.dialect.forUpdate(), id))
}

// lockAdmins makes changes of administrators wait for each other, in one order, so that two can't both take
// themselves for not the last. Accounts that are no administrators wait for nobody.
func (t *Tx) lockAdmins(ctx context.Context, id string) error {
	lock := t.s.dialect.forUpdate()
	if lock == "" {
		return nil
	}
	rows, err := t.query(ctx, "SELECT id FROM users WHERE is_admin AND EXISTS (SELECT 1 FROM users a WHERE a.id = ? AND a.is_admin) ORDER BY id"+lock, id)
	_, err = collect(rows, err, scanString)
	return err
}

func (t *Tx) saveUser(ctx context.Context, before, after *muster.User) error {
	if isActiveAdmin(before) && !isActiveAdmin(after) {
		if err := t.refuseLastAdmin(ctx, after.ID); err != nil {
			return err
		}
	}
	renamed := before.Username != after.Username || before.Email != after.Email ||
		before.AuthService != after.AuthService || before.AuthDataValue() != after.AuthDataValue()
	if renamed {
		if err := t.conflict(ctx, after, after.ID); err != nil {
			return err
		}
	}
	t.accountChanged(after.ID)
	delete(t.guests, after.ID)
	if _, err := t.exec(ctx, updateUser, append(userValues(after), after.ID)...); err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	if renamed || before.Nickname != after.Nickname || before.FirstName != after.FirstName || before.LastName != after.LastName {
		return t.saveTerms(ctx, after)
	}
	return nil
}

func (t *Tx) refuseLastAdmin(ctx context.Context, id string) error {
	var others int
	if err := t.queryRow(ctx, "SELECT count(*) FROM users WHERE is_admin AND id <> ?", id).Scan(&others); err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	if others == 0 {
		return muster.E(muster.Invalid, "app.user.update.lastAdmin.app_error")
	}
	return nil
}
