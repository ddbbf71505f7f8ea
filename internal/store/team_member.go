package store

import (
	"context"
	"fmt"

	"muster"
)

// joinTeam makes or renews a membership and puts the user in the team's channels of these names.
func (t *tx) joinTeam(ctx context.Context, m *muster.TeamMember, channels []string) error {
	_, err := t.exec(ctx, `INSERT INTO team_members (team_id, user_id, create_at, delete_at, scheme_guest, scheme_user, scheme_admin, explicit_roles)
		VALUES (?,?,?,0,?,?,?,?) ON CONFLICT (team_id, user_id) DO UPDATE SET delete_at = 0, scheme_guest = excluded.scheme_guest,
		scheme_user = excluded.scheme_user, scheme_admin = excluded.scheme_admin, explicit_roles = excluded.explicit_roles`,
		m.TeamID, m.UserID, t.now, m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, m.ExplicitRoles)
	if err != nil {
		return fmt.Errorf("join team: %w", err)
	}
	if len(channels) == 0 || m.SchemeGuest { // guests see only what they are invited to
		return nil
	}
	args := append([]any{m.UserID, jsonMap(muster.DefaultChannelNotifyProps()).value(), t.now, m.TeamID}, anys(channels)...)
	_, err = t.exec(ctx, `INSERT INTO channel_members (channel_id, user_id, last_viewed_at, mention_count, notify_props, last_update_at, scheme_guest, scheme_user, scheme_admin, explicit_roles)
		SELECT c.id, ?, 0, 0, ?, ?, FALSE, TRUE, FALSE, '' FROM channels c WHERE c.team_id = ? AND c.delete_at = 0 AND c.name IN (`+marks(len(channels))+`)
		ON CONFLICT (channel_id, user_id) DO NOTHING`, args...)
	if err != nil {
		return fmt.Errorf("join the team's channels: %w", err)
	}
	return nil
}
