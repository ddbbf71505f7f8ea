package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"muster"
)

// firstUser names the row of the table system that says that an account was created.
const firstUser = "first_user"

// ClaimFirstAccount makes the account that this transaction is about to insert a system administrator when it is the database's first, and reports
// whether it is. Two transactions can't both be the first, since a unique row decides.
func (t *Tx) ClaimFirstAccount(ctx context.Context, u *muster.User) (first bool, err error) {
	n, err := t.exec(ctx, `INSERT INTO system (name, value) VALUES (?, '') ON CONFLICT DO NOTHING`, firstUser)
	if err != nil {
		return false, fmt.Errorf("claim the first account: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	u.Roles = muster.RoleSystemAdmin + " " + muster.RoleSystemUser
	return true, nil
}

// InsertUser inserts an account, as it is, with its search terms. A taken id, username, email address or login name is refused: kind Invalid, with an
// id app.user.save.*.
func (t *Tx) InsertUser(ctx context.Context, u *muster.User) error {
	n, err := t.exec(ctx, insertUser, append([]any{u.ID, u.CreateAt}, userValues(u)...)...)
	if err != nil {
		return fmt.Errorf("insert user: %w", err)
	}
	if n == 0 { // whatever was in the way may be gone again
		return cmp.Or(t.conflict(ctx, u, ""), error(muster.E(muster.Invalid, "app.user.save.existing.app_error")))
	}
	return t.saveTerms(ctx, u)
}

// conflict returns the error that names what another account than self already has, nil for nothing.
func (t *Tx) conflict(ctx context.Context, u *muster.User, self string) error {
	for _, c := range []struct {
		where, id, field string
		args             []any
	}{
		{"id = ?", "app.user.save.existing.app_error", "id", []any{u.ID}},
		{"username = ?", "app.user.save.username_exists.app_error", "username", []any{u.Username}},
		{"email = ?", "app.user.save.email_exists.app_error", "email", []any{u.Email}},
		{"auth_service = ? AND auth_data = ?", "app.user.save.existing.app_error", "auth_data", []any{u.AuthService, u.AuthDataValue()}},
	} {
		id, err := scanString(t.queryRow(ctx, "SELECT id FROM users WHERE "+c.where, c.args...))
		if err == nil && id != self {
			return muster.E(muster.Invalid, c.id).On(c.field)
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}
