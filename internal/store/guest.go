package store

import (
	"context"
	"encoding/json"
	"fmt"

	"muster"
)

// SetGuest makes an account a guest or a full member, with all its memberships and sessions. apply changes the account.
// A promoted guest joins the channels of these names in each of its teams. It returns the memberships as they are then.
func (s *Store) SetGuest(ctx context.Context, userID string, guard Guard, guest bool, joinChannels []string, apply func(*muster.User) error, audits ...*muster.Audit) (
	after *muster.User, teams []*muster.TeamMember, channels []*muster.ChannelMember, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		if err := t.lockAdmins(ctx, userID); err != nil {
			return err
		}
		before, err := t.user(ctx, userID)
		if err != nil {
			return err
		}
		if err := t.guardLocked(ctx, before, guard); err != nil {
			return err
		}
		after = before.Clone()
		if err := apply(after); err != nil {
			return err
		}
		after.UpdateAt = t.now
		if err := t.saveUser(ctx, before, after); err != nil {
			return err
		}
		if guest {
			if err := t.RenewInvites(ctx, userID); err != nil {
				return err
			}
		}
		if err := t.setGuestMemberships(ctx, userID, guest); err != nil {
			return err
		}
		if err := t.setGuestSessions(ctx, after, guest); err != nil {
			return err
		}
		rows, err := t.query(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.user_id = ? AND m.delete_at = 0 ORDER BY m.team_id", userID)
		if teams, err = collect(rows, err, scanTeamMember); err != nil {
			return fmt.Errorf("read memberships: %w", err)
		}
		for _, m := range teams {
			if err := t.joinDefaultChannels(ctx, m, joinChannels); err != nil {
				return err
			}
		}
		rows, err = t.query(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.user_id = ? ORDER BY m.channel_id", userID)
		if channels, err = collect(rows, err, scanChannelMember); err != nil {
			return fmt.Errorf("read memberships: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
	return after, teams, channels, err
}

// setGuestMemberships turns the flags over; what a guest was granted by name goes.
func (t *Tx) setGuestMemberships(ctx context.Context, userID string, guest bool) error {
	for _, table := range []string{"team_members", "channel_members"} {
		sets := "scheme_guest = ?, scheme_user = ?"
		if guest {
			sets += ", scheme_admin = FALSE, explicit_roles = ''"
		}
		if _, err := t.exec(ctx, "UPDATE "+table+" SET "+sets+" WHERE user_id = ?", guest, !guest, userID); err != nil {
			return fmt.Errorf("turn memberships: %w", err)
		}
	}
	return nil
}

func (t *Tx) setGuestSessions(ctx context.Context, u *muster.User, guest bool) error {
	rows, err := t.query(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE user_id = ?"+t.s.dialect.forUpdate(), u.ID)
	sessions, err := collect(rows, err, scanSession)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	for _, s := range sessions {
		if s.Props == nil {
			s.Props = map[string]string{}
		}
		s.Props[muster.SessionPropIsGuest] = fmt.Sprint(guest)
		props, _ := json.Marshal(s.Props) // a map of strings always encodes
		if _, err := t.exec(ctx, "UPDATE sessions SET roles = ?, props = ? WHERE id = ?", u.Roles, string(props), s.ID); err != nil {
			return fmt.Errorf("turn sessions: %w", err)
		}
	}
	return nil
}

// GuestIDs gives the active guests.
func (s *Store) GuestIDs(ctx context.Context) ([]string, error) {
	sql, args := hasRole(muster.RoleSystemGuest)
	rows, err := s.query(ctx, "SELECT u.id FROM users u WHERE u.delete_at = 0 AND "+sql, args...)
	return collect(rows, err, scanString)
}
