package store

import (
	"context"
	"fmt"

	"muster"
)

// DeleteUser removes an account and everything that belongs to it, its audits included. ErrNotFound without the account; the last active administrator
// stays (app.user.update.lastAdmin.app_error).
func (t *Tx) DeleteUser(ctx context.Context, id string) error {
	u, ok := t.locked[id]
	if !ok {
		var err error
		if u, err = t.UserForUpdate(ctx, id); err != nil {
			return err
		}
	}
	if isActiveAdmin(u) {
		if err := t.refuseLastAdmin(ctx, id); err != nil {
			return err
		}
	}
	t.accountChanged(id)
	if _, err := t.exec(ctx, "DELETE FROM users WHERE id = ?", id); err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	if _, err := t.exec(ctx, "DELETE FROM audits WHERE user_id = ?", id); err != nil {
		return fmt.Errorf("delete audits: %w", err)
	}
	delete(t.locked, id)
	return nil
}

// DeleteAllUsers removes every account and everything that belongs to them; the next account is the first again. Direct and group channels go, since
// nobody is in them; teams, other channels and groups stay, without members.
func (t *Tx) DeleteAllUsers(ctx context.Context) error {
	t.changes.AllAccounts = true
	if err := t.liftStatementTimeout(ctx); err != nil {
		return err
	}
	for _, statement := range []string{
		t.s.dialect.lockAccounts(), "DELETE FROM users", "DELETE FROM audits", "DELETE FROM channels WHERE team_id IS NULL", "DELETE FROM outbox",
		"DELETE FROM mail_quotas", "DELETE FROM link_requests", "DELETE FROM login_throttles", "DELETE FROM password_schemes",
		"DELETE FROM mail_tokens WHERE purpose <> '" + muster.TokenCWS + "'",
	} {
		if statement == "" {
			continue
		}
		if _, err := t.exec(ctx, statement); err != nil {
			return fmt.Errorf("delete all users: %w", err)
		}
	}
	if _, err := t.exec(ctx, "DELETE FROM system WHERE name = ?", firstUser); err != nil {
		return fmt.Errorf("release the claim of the first account: %w", err)
	}
	return nil
}
