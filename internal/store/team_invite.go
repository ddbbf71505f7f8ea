package store

import (
	"context"
	"fmt"

	"muster"
)

// RenewInvites replaces the invite links of the teams that an account, or a bot that it owns, is a member of: a link creates an account even
// where sign-up is closed, so a deactivated account must not keep one. Guests see no links.
func (t *Tx) RenewInvites(ctx context.Context, userID string) error {
	rows, err := t.query(ctx, `SELECT t.id FROM teams t WHERE EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = t.id AND m.delete_at = 0 AND NOT m.scheme_guest
		AND (m.user_id = ? OR m.user_id IN (SELECT b.user_id FROM bots b WHERE b.owner_id = ?))) ORDER BY t.id`+t.s.dialect.forUpdate(), userID, userID)
	ids, err := collect(rows, err, scanString)
	if err != nil {
		return fmt.Errorf("find teams of an account: %w", err)
	}
	for _, id := range ids {
		if _, err := t.exec(ctx, "UPDATE teams SET invite_id = ?, update_at = ? WHERE id = ?", muster.NewID(), t.now, id); err != nil {
			return fmt.Errorf("renew a team's invite link: %w", err)
		}
	}
	return nil
}
