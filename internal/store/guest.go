package store

import (
	"context"
	"encoding/json"
	"fmt"

	"muster"
)

// SetMembershipsGuest makes a locked account's memberships of teams and channels a guest's or a full member's. A guest loses all roles besides.
func (t *Tx) SetMembershipsGuest(ctx context.Context, userID string, guest bool) error {
	t.accountChanged(userID)
	for _, table := range []string{"team_members", "channel_members"} {
		sets := "scheme_guest = ?, scheme_user = ?"
		if guest {
			sets += ", scheme_admin = FALSE, explicit_roles = ''"
		}
		if _, err := t.exec(ctx, "UPDATE "+table+" SET "+sets+" WHERE user_id = ?", guest, !guest, userID); err != nil {
			return fmt.Errorf("make memberships a guest's or a member's: %w", err)
		}
	}
	return nil
}

// SetSessionsGuest has a locked account's sessions carry its roles and say whether it is a guest.
func (t *Tx) SetSessionsGuest(ctx context.Context, u *muster.User) error {
	t.accountChanged(u.ID)
	rows, err := t.query(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE user_id = ?"+t.s.dialect.forUpdate(), u.ID)
	sessions, err := collect(rows, err, scanSession)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	for _, s := range sessions {
		if s.Props == nil {
			s.Props = map[string]string{}
		}
		s.Props[muster.SessionPropIsGuest] = fmt.Sprint(u.IsGuest())
		props, _ := json.Marshal(s.Props) // a map of strings always encodes
		if _, err := t.exec(ctx, "UPDATE sessions SET roles = ?, props = ? WHERE id = ?", u.Roles, string(props), s.ID); err != nil {
			return fmt.Errorf("make sessions a guest's or a member's: %w", err)
		}
	}
	return nil
}

// TeamMemberships returns a user's current memberships of teams, by team id.
func (t *Tx) TeamMemberships(ctx context.Context, userID string) ([]*muster.TeamMember, error) {
	rows, err := t.query(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.user_id = ? AND m.delete_at = 0 ORDER BY m.team_id", userID)
	list, err := collect(rows, err, scanTeamMember)
	if err != nil {
		return nil, fmt.Errorf("read memberships of teams: %w", err)
	}
	return list, nil
}

// ChannelMemberships returns a user's memberships of channels, by channel id.
func (t *Tx) ChannelMemberships(ctx context.Context, userID string) ([]*muster.ChannelMember, error) {
	rows, err := t.query(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.user_id = ? ORDER BY m.channel_id", userID)
	list, err := collect(rows, err, scanChannelMember)
	if err != nil {
		return nil, fmt.Errorf("read memberships of channels: %w", err)
	}
	return list, nil
}

// GuestIDs returns the ids of the active guests.
func (s *Store) GuestIDs(ctx context.Context) ([]string, error) {
	sql, args := hasRole(muster.RoleSystemGuest)
	rows, err := s.query(ctx, "SELECT u.id FROM users u WHERE u.delete_at = 0 AND "+sql, args...)
	return collect(rows, err, scanString)
}
