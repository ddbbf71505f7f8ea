package store

import (
	"context"
	"fmt"
	"slices"

	"muster"
)

const teamMemberColumns = "m.team_id, m.user_id, m.delete_at, m.scheme_guest, m.scheme_user, m.scheme_admin, m.explicit_roles"

func scanTeamMember(r scanner) (*muster.TeamMember, error) {
	m := &muster.TeamMember{}
	err := r.Scan(&m.TeamID, &m.UserID, &m.DeleteAt, &m.SchemeGuest, &m.SchemeUser, &m.SchemeAdmin, &m.ExplicitRoles)
	m.ResolveRoles()
	return m, noRow(err)
}

// JoinTeam makes a membership as its account is, a guest's or a full member's, or renews one that has ended, and reports whether it is new. A current one
// stays as it is, and m becomes a copy of it. The team is locked (TeamForUpdate). Kind NotFound without the account.
func (t *Tx) JoinTeam(ctx context.Context, m *muster.TeamMember) (isNew bool, err error) {
	guest, err := t.isGuest(ctx, m.UserID)
	if err != nil {
		return false, err
	}
	m.SetGuest(guest)
	n, err := t.exec(ctx, `INSERT INTO team_members (team_id, user_id, create_at, delete_at, scheme_guest, scheme_user, scheme_admin, explicit_roles)
		VALUES (?,?,?,0,?,?,?,?) ON CONFLICT (team_id, user_id) DO UPDATE SET delete_at = 0, scheme_guest = excluded.scheme_guest,
		scheme_user = excluded.scheme_user, scheme_admin = excluded.scheme_admin, explicit_roles = excluded.explicit_roles WHERE team_members.delete_at <> 0`,
		m.TeamID, m.UserID, t.now, m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, m.ExplicitRoles)
	if err != nil {
		return false, fmt.Errorf("join team: %w", err)
	}
	if n > 0 {
		return true, nil
	}
	current, err := t.TeamMemberForUpdate(ctx, m.TeamID, m.UserID)
	if err != nil {
		return false, fmt.Errorf("read membership: %w", err)
	}
	*m = *current
	return false, nil
}

// EnforceTeamLimit refuses what made a locked team have more active members than limit (0: no limit): kind Invalid,
// app.team.join_user_to_team.max_accounts.app_error. It counts after the insert, so that two joins can't both be the last that fits.
func (t *Tx) EnforceTeamLimit(ctx context.Context, teamID string, limit int) error {
	if limit <= 0 {
		return nil
	}
	var n int
	err := t.queryRow(ctx, "SELECT count(*) FROM team_members m JOIN users u ON u.id = m.user_id WHERE m.team_id = ? AND m.delete_at = 0 AND u.delete_at = 0", teamID).Scan(&n)
	if err != nil {
		return fmt.Errorf("count members: %w", err)
	}
	if n > limit {
		return muster.E(muster.Invalid, "app.team.join_user_to_team.max_accounts.app_error")
	}
	return nil
}

// JoinDefaultChannels puts a member in the team's channels of these names that are not archived. Guests see only what they are invited to: nothing is
// done for them.
func (t *Tx) JoinDefaultChannels(ctx context.Context, m *muster.TeamMember, names []string) error {
	if m.SchemeGuest {
		return nil
	}
	return t.joinChannelsWhere(ctx, m, "c.name", names)
}

// JoinChannels puts a member in the team's channels of these ids that are not archived; other ids are passed over.
func (t *Tx) JoinChannels(ctx context.Context, m *muster.TeamMember, ids []string) error {
	return t.joinChannelsWhere(ctx, m, "c.id", ids)
}

func (t *Tx) joinChannelsWhere(ctx context.Context, m *muster.TeamMember, column string, values []string) error {
	if len(values) == 0 {
		return nil
	}
	args := append([]any{m.UserID, jsonMap(muster.DefaultChannelNotifyProps()).value(), t.now, m.SchemeGuest, !m.SchemeGuest, m.TeamID}, toArgs(values)...)
	_, err := t.exec(ctx, `INSERT INTO channel_members (channel_id, user_id, last_viewed_at, mention_count, notify_props, last_update_at, scheme_guest, scheme_user, scheme_admin, explicit_roles)
		SELECT c.id, ?, 0, 0, ?, ?, ?, ?, FALSE, '' FROM channels c WHERE c.team_id = ? AND c.delete_at = 0 AND `+column+` IN (`+placeholders(len(values))+`)
		ON CONFLICT (channel_id, user_id) DO NOTHING`, args...)
	if err != nil {
		return fmt.Errorf("join the team's channels: %w", err)
	}
	return nil
}

// LeaveTeam ends a membership and those of the team's channels. The account is locked. ErrNotFound without a membership.
func (t *Tx) LeaveTeam(ctx context.Context, teamID, userID string) error {
	err := changed(t.exec(ctx, `UPDATE team_members SET delete_at = ?, scheme_admin = FALSE, explicit_roles = '' WHERE team_id = ? AND user_id = ? AND delete_at = 0`,
		t.now, teamID, userID))
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE channels SET last_post_at = ? WHERE team_id = ? AND id IN (SELECT channel_id FROM channel_members WHERE user_id = ?)`,
		t.now, teamID, userID)
	if err != nil {
		return fmt.Errorf("note the leaving: %w", err)
	}
	_, err = t.exec(ctx, "DELETE FROM channel_members WHERE user_id = ? AND channel_id IN (SELECT id FROM channels WHERE team_id = ?)", userID, teamID)
	if err != nil {
		return fmt.Errorf("leave the team's channels: %w", err)
	}
	return nil
}

// TeamMember reads a membership, one that has ended included.
func (s *Store) TeamMember(ctx context.Context, teamID, userID string) (*muster.TeamMember, error) {
	return scanTeamMember(s.queryRow(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.team_id = ? AND m.user_id = ?", teamID, userID))
}

// TeamMembers returns a page of a team's members by user id.
func (s *Store) TeamMembers(ctx context.Context, teamID string, offset, limit int) ([]*muster.TeamMember, error) {
	rows, err := s.query(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.team_id = ? AND m.delete_at = 0 ORDER BY m.user_id LIMIT ? OFFSET ?", teamID, limit, offset)
	return collect(rows, err, scanTeamMember)
}

// TeamMembersByIDs returns the members among user ids.
func (s *Store) TeamMembersByIDs(ctx context.Context, teamID string, userIDs []string) ([]*muster.TeamMember, error) {
	list := []*muster.TeamMember{}
	for chunk := range slices.Chunk(userIDs, idsPerQuery) {
		rows, err := s.query(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.team_id = ? AND m.delete_at = 0 AND m.user_id IN ("+placeholders(len(chunk))+") ORDER BY m.user_id",
			append([]any{teamID}, toArgs(chunk)...)...)
		found, err := collect(rows, err, scanTeamMember)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// TeamMembershipsOf returns a user's memberships of teams that are not archived.
func (s *Store) TeamMembershipsOf(ctx context.Context, userID string) ([]*muster.TeamMember, error) {
	rows, err := s.query(ctx, "SELECT "+teamMemberColumns+" FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.user_id = ? AND m.delete_at = 0 AND t.delete_at = 0 ORDER BY m.team_id", userID)
	return collect(rows, err, scanTeamMember)
}

// TeamMemberForUpdate reads a current membership, with its account locked, and holds it as it is until the transaction's end; ErrNotFound.
func (t *Tx) TeamMemberForUpdate(ctx context.Context, teamID, userID string) (*muster.TeamMember, error) {
	if err := t.LockUsers(ctx, userID); err != nil {
		return nil, err
	}
	m, err := scanTeamMember(t.queryRow(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.team_id = ? AND m.user_id = ? AND m.delete_at = 0"+
		t.s.dialect.forUpdate(), teamID, userID))
	if err != nil {
		return nil, err
	}
	m.SetGuest(t.guests[userID]) // as the account is, unless the two ever parted
	return m, nil
}

// LockTeamMembers holds users' memberships of a team until the transaction's end: leaving the team waits. ErrNotFound when one of them is not in it.
func (t *Tx) LockTeamMembers(ctx context.Context, teamID string, userIDs ...string) error {
	userIDs = slices.Compact(slices.Sorted(slices.Values(userIDs)))
	for chunk := range slices.Chunk(userIDs, idsPerQuery) {
		rows, err := t.query(ctx, "SELECT user_id FROM team_members WHERE team_id = ? AND delete_at = 0 AND user_id IN ("+placeholders(len(chunk))+") ORDER BY user_id"+t.s.dialect.forUpdate(),
			append([]any{teamID}, toArgs(chunk)...)...)
		in, err := collect(rows, err, scanString)
		if err != nil {
			return fmt.Errorf("lock memberships: %w", err)
		}
		if len(in) != len(chunk) {
			return ErrNotFound
		}
	}
	return nil
}

// SaveTeamMember writes the flags and explicit roles of a membership that TeamMemberForUpdate read.
func (t *Tx) SaveTeamMember(ctx context.Context, m *muster.TeamMember) error {
	m.ResolveRoles()
	_, err := t.exec(ctx, "UPDATE team_members SET scheme_guest = ?, scheme_user = ?, scheme_admin = ?, explicit_roles = ? WHERE team_id = ? AND user_id = ?",
		m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, m.ExplicitRoles, m.TeamID, m.UserID)
	if err != nil {
		return fmt.Errorf("update membership: %w", err)
	}
	return nil
}

// CountTeamMembers counts a team's members, and those of them that are active.
func (s *Store) CountTeamMembers(ctx context.Context, teamID string) (total, active int64, err error) {
	err = s.queryRow(ctx, `SELECT count(*), COALESCE(SUM(CASE WHEN u.delete_at = 0 THEN 1 ELSE 0 END), 0)
		FROM team_members m JOIN users u ON u.id = m.user_id WHERE m.team_id = ? AND m.delete_at = 0`, teamID).Scan(&total, &active)
	return total, active, err
}
