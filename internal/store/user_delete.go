package store

import (
	"context"
	"fmt"

	"muster"
)

// DeleteUser removes an account and everything that hangs on it, and may disable its bots; it gives their ids. The last active administrator stays.
func (s *Store) DeleteUser(ctx context.Context, id string, disableBots bool, audits ...*muster.Audit) (bots []string, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		if err := t.lockAdmins(ctx, id); err != nil {
			return err
		}
		u, err := t.user(ctx, id)
		if err != nil {
			return err
		}
		if isActiveAdmin(u) {
			if err := t.refuseLastAdmin(ctx, id); err != nil {
				return err
			}
		}
		if err := t.RenewInvites(ctx, id); err != nil {
			return err
		}
		if disableBots {
			if bots, err = t.DisableBots(ctx, id); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "DELETE FROM users WHERE id = ?", id); err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		if _, err := t.exec(ctx, "DELETE FROM audits WHERE user_id = ?", id); err != nil {
			return fmt.Errorf("delete audits: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
	return bots, err
}

// DeleteAllUsers removes every account and all that hangs on them, in one transaction; the next account is the first again.
// Direct and group channels go, since nobody is in them; teams, other channels and groups stay, without members.
func (s *Store) DeleteAllUsers(ctx context.Context, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.liftStatementTimeout(ctx); err != nil {
			return err
		}
		for _, statement := range []string{
			s.dialect.lockAccounts(), "DELETE FROM users", "DELETE FROM audits", "DELETE FROM channels WHERE team_id IS NULL", "DELETE FROM outbox", "DELETE FROM mail_quotas", "DELETE FROM link_requests",
			"DELETE FROM login_throttles", "DELETE FROM password_schemes",
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
			return fmt.Errorf("forget the first account: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
}
