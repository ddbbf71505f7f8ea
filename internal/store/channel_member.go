package store

import (
	"context"
	"fmt"
	"slices"

	"muster"
)

const channelMemberColumns = "m.channel_id, m.user_id, m.last_viewed_at, m.mention_count, m.notify_props, m.last_update_at, m.scheme_guest, m.scheme_user, m.scheme_admin, m.explicit_roles"

// channelMemberFields are the scan targets of channelMemberColumns.
func channelMemberFields(m *muster.ChannelMember, notify *jsonMap) []any {
	return []any{&m.ChannelID, &m.UserID, &m.LastViewedAt, &m.MentionCount, notify, &m.LastUpdateAt, &m.SchemeGuest, &m.SchemeUser, &m.SchemeAdmin, &m.ExplicitRoles}
}

func settleChannelMember(m *muster.ChannelMember, notify jsonMap) {
	m.NotifyProps, m.MentionCountRoot = notify, m.MentionCount
	m.ResolveRoles()
}

func scanChannelMember(r scanner) (*muster.ChannelMember, error) {
	m := &muster.ChannelMember{}
	var notify jsonMap
	err := r.Scan(channelMemberFields(m, &notify)...)
	settleChannelMember(m, notify)
	return m, noRow(err)
}

// insertChannelMember makes a membership, as its account is.
func (t *Tx) insertChannelMember(ctx context.Context, m *muster.ChannelMember, accounts guests) (isNew bool, err error) {
	guest, err := accounts.of(m.UserID)
	if err != nil {
		return false, err
	}
	m.SetGuest(guest)
	n, err := t.exec(ctx, `INSERT INTO channel_members (channel_id, user_id, last_viewed_at, mention_count, notify_props, last_update_at, scheme_guest, scheme_user, scheme_admin, explicit_roles)
		VALUES (`+placeholders(10)+`) ON CONFLICT (channel_id, user_id) DO NOTHING`,
		m.ChannelID, m.UserID, m.LastViewedAt, m.MentionCount, jsonMap(m.NotifyProps).value(), t.now, m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, m.ExplicitRoles)
	if err != nil {
		return false, fmt.Errorf("join channel: %w", err)
	}
	m.LastUpdateAt = t.now
	return n == 1, nil
}

func userIDsOf(members []*muster.ChannelMember) []string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.UserID
	}
	return ids
}

// JoinChannel makes memberships of one channel, all or none, and gives those that are new; the others stay as they are. ErrNotFound when a user is
// not in the channel's team, kind NotFound without the user.
func (s *Store) JoinChannel(ctx context.Context, members []*muster.ChannelMember, audits ...*muster.Audit) (joined []*muster.ChannelMember, err error) {
	err = s.WriteGrowing(ctx, func(t *Tx) error {
		joined = nil // of an earlier try
		ids := userIDsOf(members)
		accounts, err := t.lockUsers(ctx, ids...)
		if err != nil {
			return err
		}
		if err := t.lockTeamOf(ctx, members[0].ChannelID, ids); err != nil {
			return err
		}
		for _, m := range members {
			isNew, err := t.insertChannelMember(ctx, m, accounts)
			if err != nil {
				return err
			}
			if isNew {
				joined = append(joined, m)
			}
		}
		if len(joined) == 0 {
			return nil
		}
		if err := t.refuseOutsiders(ctx, muster.SyncableChannel, joined[0].ChannelID, userIDsOf(joined)...); err != nil {
			return err
		}
		if err := t.stampChannel(ctx, joined[0].ChannelID); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return joined, err
}

// lockTeamOf holds users in the team of a channel, if it has one, while they join the channel: leaving the team waits, and takes the new memberships
// along. ErrNotFound when one of them is not in the team.
func (t *Tx) lockTeamOf(ctx context.Context, channelID string, userIDs []string) error {
	teamID, err := scanString(t.queryRow(ctx, "SELECT COALESCE(team_id, '') FROM channels WHERE id = ?", channelID))
	if err != nil || teamID == "" {
		return noRow(err)
	}
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

// LeaveChannel ends a membership; ErrNotFound without one.
func (s *Store) LeaveChannel(ctx context.Context, channelID, userID string, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := changed(t.exec(ctx, "DELETE FROM channel_members WHERE channel_id = ? AND user_id = ?", channelID, userID)); err != nil {
			return err
		}
		if err := t.stampChannel(ctx, channelID); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// ChannelMember reads a membership.
func (s *Store) ChannelMember(ctx context.Context, channelID, userID string) (*muster.ChannelMember, error) {
	return scanChannelMember(s.queryRow(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.channel_id = ? AND m.user_id = ?", channelID, userID))
}

// ChannelMembers gives a page of a channel's members by user id.
func (s *Store) ChannelMembers(ctx context.Context, channelID string, offset, limit int) ([]*muster.ChannelMember, error) {
	rows, err := s.query(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.channel_id = ? ORDER BY m.user_id LIMIT ? OFFSET ?", channelID, limit, offset)
	return collect(rows, err, scanChannelMember)
}

// ChannelMembersByIDs gives the members among user ids.
func (s *Store) ChannelMembersByIDs(ctx context.Context, channelID string, userIDs []string) ([]*muster.ChannelMember, error) {
	list := []*muster.ChannelMember{}
	for chunk := range slices.Chunk(userIDs, idsPerQuery) {
		rows, err := s.query(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.channel_id = ? AND m.user_id IN ("+placeholders(len(chunk))+") ORDER BY m.user_id",
			append([]any{channelID}, toArgs(chunk)...)...)
		found, err := collect(rows, err, scanChannelMember)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// ChannelMembershipsOf gives a user's memberships in a team's channels and in direct and group channels.
func (s *Store) ChannelMembershipsOf(ctx context.Context, userID, teamID string) ([]*muster.ChannelMember, error) {
	rows, err := s.query(ctx, "SELECT "+channelMemberColumns+` FROM channel_members m JOIN channels c ON c.id = m.channel_id
		WHERE m.user_id = ? AND (c.team_id = ? OR c.team_id IS NULL) AND c.delete_at = 0 ORDER BY m.channel_id`, userID, teamID)
	return collect(rows, err, scanChannelMember)
}

// ChannelMembershipsWithTeams gives a page of all a user's memberships, each with its channel's team.
func (s *Store) ChannelMembershipsWithTeams(ctx context.Context, userID string, offset, limit int) ([]*muster.ChannelMemberWithTeamData, error) {
	rows, err := s.query(ctx, "SELECT "+channelMemberColumns+`, COALESCE(t.display_name, ''), COALESCE(t.name, ''), COALESCE(t.update_at, 0)
		FROM channel_members m JOIN channels c ON c.id = m.channel_id LEFT JOIN teams t ON t.id = c.team_id
		WHERE m.user_id = ? ORDER BY m.channel_id LIMIT ? OFFSET ?`, userID, limit, offset)
	return collect(rows, err, func(r scanner) (*muster.ChannelMemberWithTeamData, error) {
		m := &muster.ChannelMemberWithTeamData{}
		var notify jsonMap
		err := r.Scan(append(channelMemberFields(&m.ChannelMember, &notify), &m.TeamDisplayName, &m.TeamName, &m.TeamUpdateAt)...)
		settleChannelMember(&m.ChannelMember, notify)
		return m, err
	})
}

// UpdateChannelMember changes a membership as UpdateTeamMember does.
func (s *Store) UpdateChannelMember(ctx context.Context, channelID, userID string, change func(*muster.ChannelMember) error, audits ...*muster.Audit) (m *muster.ChannelMember, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		accounts, err := t.lockUsers(ctx, userID)
		if err != nil {
			return err
		}
		m, err = scanChannelMember(t.queryRow(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.channel_id = ? AND m.user_id = ?"+t.s.dialect.forUpdate(), channelID, userID))
		if err != nil {
			return err
		}
		m.SetGuest(accounts[userID])
		if err := change(m); err != nil {
			return err
		}
		m.LastUpdateAt = t.now
		m.ResolveRoles()
		_, err = t.exec(ctx, "UPDATE channel_members SET scheme_guest = ?, scheme_user = ?, scheme_admin = ?, explicit_roles = ?, last_update_at = ? WHERE channel_id = ? AND user_id = ?",
			m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, m.ExplicitRoles, m.LastUpdateAt, channelID, userID)
		if err != nil {
			return fmt.Errorf("update membership: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
	return m, err
}

// CountChannelMembers counts a channel's active members, and the guests among them.
func (s *Store) CountChannelMembers(ctx context.Context, channelID string) (members, guests int64, err error) {
	err = s.queryRow(ctx, `SELECT count(*), COALESCE(SUM(CASE WHEN m.scheme_guest THEN 1 ELSE 0 END), 0)
		FROM channel_members m JOIN users u ON u.id = m.user_id WHERE m.channel_id = ? AND u.delete_at = 0`, channelID).Scan(&members, &guests)
	return members, guests, err
}
