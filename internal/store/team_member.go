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

// JoinTeam puts users in a team, and in the team's channels of these names; a membership that is there stays as it is. It returns all the
// memberships, in the users' order, and those that are new. More active members than limit (0: none) are refused:
// app.team.join_user_to_team.max_accounts.app_error, kind Invalid. ErrNotFound without the team, kind NotFound without a user.
func (s *Store) JoinTeam(ctx context.Context, teamID string, userIDs, channels []string, limit int, audits ...*muster.Audit) (all, joined []*muster.TeamMember, err error) {
	err = s.WriteGrowing(ctx, func(t *Tx) error {
		all, joined = nil, nil // of an earlier try
		accounts, err := t.lockUsers(ctx, userIDs...)
		if err != nil {
			return err
		}
		if err := t.lockTeam(ctx, teamID); err != nil {
			return err
		}
		for _, id := range userIDs {
			m := &muster.TeamMember{TeamID: teamID, UserID: id}
			isNew, err := t.joinTeam(ctx, m, accounts, channels)
			if err != nil {
				return err
			}
			if isNew {
				joined = append(joined, m)
			} else if m, err = t.teamMember(ctx, teamID, id); err != nil {
				return err
			}
			all = append(all, m)
		}
		if len(joined) == 0 {
			return nil
		}
		if err := t.refuseOutsiders(ctx, muster.SyncableTeam, teamID, memberIDs(joined)...); err != nil {
			return err
		}
		if err := t.refuseCrowd(ctx, teamID, limit); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return all, joined, err
}

func memberIDs(members []*muster.TeamMember) []string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.UserID
	}
	return ids
}

// lockTeam makes joins of one team wait for each other. It comes before the inserts: their foreign key takes a weaker lock
// of the same row, and two that hold it would wait for each other. ErrNotFound without the team.
func (t *Tx) lockTeam(ctx context.Context, teamID string) error {
	_, err := scanString(t.queryRow(ctx, "SELECT id FROM teams WHERE id = ?"+t.s.dialect.forUpdate(), teamID))
	return noRow(err)
}

// refuseCrowd counts after the insert, under lockTeam, so that two joins can't both be the last that fits.
func (t *Tx) refuseCrowd(ctx context.Context, teamID string, limit int) error {
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

// joinTeam makes or renews a membership, as its account is, and puts the user in the team's channels of these names.
func (t *Tx) joinTeam(ctx context.Context, m *muster.TeamMember, accounts guests, channels []string) (isNew bool, err error) {
	guest, err := accounts.of(m.UserID)
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
	if n == 0 {
		return false, nil
	}
	return true, t.JoinDefaultChannels(ctx, m, channels)
}

// JoinDefaultChannels puts a member in the team's channels of these names. Guests see only what they are invited to.
func (t *Tx) JoinDefaultChannels(ctx context.Context, m *muster.TeamMember, channels []string) error {
	if len(channels) == 0 || m.SchemeGuest {
		return nil
	}
	args := append([]any{m.UserID, jsonMap(muster.DefaultChannelNotifyProps()).value(), t.now, m.TeamID}, toArgs(channels)...)
	_, err := t.exec(ctx, `INSERT INTO channel_members (channel_id, user_id, last_viewed_at, mention_count, notify_props, last_update_at, scheme_guest, scheme_user, scheme_admin, explicit_roles)
		SELECT c.id, ?, 0, 0, ?, ?, FALSE, TRUE, FALSE, '' FROM channels c WHERE c.team_id = ? AND c.delete_at = 0 AND c.name IN (`+placeholders(len(channels))+`)
		ON CONFLICT (channel_id, user_id) DO NOTHING`, args...)
	if err != nil {
		return fmt.Errorf("join the team's channels: %w", err)
	}
	return nil
}

// joinChannels puts a new account in channels of a team, by id; ids of others are passed over.
func (t *Tx) joinChannels(ctx context.Context, u *muster.User, teamID string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	args := append([]any{u.ID, jsonMap(muster.DefaultChannelNotifyProps()).value(), t.now, u.IsGuest(), !u.IsGuest(), teamID}, toArgs(ids)...)
	_, err := t.exec(ctx, `INSERT INTO channel_members (channel_id, user_id, last_viewed_at, mention_count, notify_props, last_update_at, scheme_guest, scheme_user, scheme_admin, explicit_roles)
		SELECT c.id, ?, 0, 0, ?, ?, ?, ?, FALSE, '' FROM channels c WHERE c.team_id = ? AND c.delete_at = 0 AND c.id IN (`+placeholders(len(ids))+`)
		ON CONFLICT (channel_id, user_id) DO NOTHING`, args...)
	if err != nil {
		return fmt.Errorf("join channels: %w", err)
	}
	return nil
}

// LeaveTeam ends a membership and those of the team's channels. ErrNotFound without one.
func (s *Store) LeaveTeam(ctx context.Context, teamID, userID string, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
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
		return t.saveAudits(ctx, audits)
	})
}

// TeamMember reads a membership, one that has ended included.
func (s *Store) TeamMember(ctx context.Context, teamID, userID string) (*muster.TeamMember, error) {
	return scanTeamMember(s.queryRow(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.team_id = ? AND m.user_id = ?", teamID, userID))
}

// TeamMembers gives a page of a team's members by user id.
func (s *Store) TeamMembers(ctx context.Context, teamID string, offset, limit int) ([]*muster.TeamMember, error) {
	rows, err := s.query(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.team_id = ? AND m.delete_at = 0 ORDER BY m.user_id LIMIT ? OFFSET ?", teamID, limit, offset)
	return collect(rows, err, scanTeamMember)
}

// TeamMembersByIDs gives the members among user ids.
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

// TeamMembershipsOf gives a user's memberships of teams that are not archived.
func (s *Store) TeamMembershipsOf(ctx context.Context, userID string) ([]*muster.TeamMember, error) {
	rows, err := s.query(ctx, "SELECT "+teamMemberColumns+" FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.user_id = ? AND m.delete_at = 0 AND t.delete_at = 0 ORDER BY m.team_id", userID)
	return collect(rows, err, scanTeamMember)
}

// UpdateTeamMember changes a membership's flags and explicit roles and returns it as it is then. change gets the membership as it is, with its
// account's lock held, so that no demotion comes between. ErrNotFound without a membership.
func (s *Store) UpdateTeamMember(ctx context.Context, teamID, userID string, change func(*muster.TeamMember) error, audits ...*muster.Audit) (m *muster.TeamMember, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		accounts, err := t.lockUsers(ctx, userID)
		if err != nil {
			return err
		}
		if m, err = t.teamMember(ctx, teamID, userID); err != nil {
			return err
		}
		m.SetGuest(accounts[userID]) // as it is, unless the two ever parted
		if m.DeleteAt != 0 {
			return ErrNotFound
		}
		if err := change(m); err != nil {
			return err
		}
		m.ResolveRoles()
		_, err = t.exec(ctx, "UPDATE team_members SET scheme_guest = ?, scheme_user = ?, scheme_admin = ?, explicit_roles = ? WHERE team_id = ? AND user_id = ?",
			m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, m.ExplicitRoles, teamID, userID)
		if err != nil {
			return fmt.Errorf("update membership: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
	return m, err
}

// teamMember reads a membership and holds it as it is, one that has ended included.
func (t *Tx) teamMember(ctx context.Context, teamID, userID string) (*muster.TeamMember, error) {
	return scanTeamMember(t.queryRow(ctx, "SELECT "+teamMemberColumns+" FROM team_members m WHERE m.team_id = ? AND m.user_id = ?"+t.s.dialect.forUpdate(), teamID, userID))
}

// CountTeamMembers counts a team's members, and those of them that are active.
func (s *Store) CountTeamMembers(ctx context.Context, teamID string) (total, active int64, err error) {
	err = s.queryRow(ctx, `SELECT count(*), COALESCE(SUM(CASE WHEN u.delete_at = 0 THEN 1 ELSE 0 END), 0)
		FROM team_members m JOIN users u ON u.id = m.user_id WHERE m.team_id = ? AND m.delete_at = 0`, teamID).Scan(&total, &active)
	return total, active, err
}
