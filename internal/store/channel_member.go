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

func resolveChannelMember(m *muster.ChannelMember, notify jsonMap) {
	m.NotifyProps, m.MentionCountRoot = notify, m.MentionCount
	m.ResolveRoles()
}

func scanChannelMember(r scanner) (*muster.ChannelMember, error) {
	m := &muster.ChannelMember{}
	var notify jsonMap
	err := r.Scan(channelMemberFields(m, &notify)...)
	resolveChannelMember(m, notify)
	return m, noRow(err)
}

// JoinChannel makes a membership as its account is, a guest's or a full member's, and reports whether it is new. One that is there stays as it is, and m
// becomes a copy of it. Kind NotFound without the account.
func (t *Tx) JoinChannel(ctx context.Context, m *muster.ChannelMember) (isNew bool, err error) {
	guest, err := t.isGuest(ctx, m.UserID)
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
	if n > 0 {
		m.LastUpdateAt, m.MentionCountRoot = t.now, m.MentionCount
		return true, nil
	}
	current, err := t.ChannelMemberForUpdate(ctx, m.ChannelID, m.UserID)
	if err != nil {
		return false, fmt.Errorf("read membership: %w", err)
	}
	*m = *current
	return false, nil
}

// LeaveChannel ends a membership; ErrNotFound without one.
func (t *Tx) LeaveChannel(ctx context.Context, channelID, userID string) error {
	return changed(t.exec(ctx, "DELETE FROM channel_members WHERE channel_id = ? AND user_id = ?", channelID, userID))
}

// ChannelMemberForUpdate reads a membership, with its account locked, and holds it as it is until the transaction's end; ErrNotFound.
func (t *Tx) ChannelMemberForUpdate(ctx context.Context, channelID, userID string) (*muster.ChannelMember, error) {
	if err := t.LockUsers(ctx, userID); err != nil {
		return nil, err
	}
	m, err := scanChannelMember(t.queryRow(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.channel_id = ? AND m.user_id = ?"+
		t.s.dialect.forUpdate(), channelID, userID))
	if err != nil {
		return nil, err
	}
	m.SetGuest(t.guests[userID]) // as the account is, unless the two ever parted
	return m, nil
}

// SaveChannelMember writes the flags and explicit roles of a membership that ChannelMemberForUpdate read.
func (t *Tx) SaveChannelMember(ctx context.Context, m *muster.ChannelMember) error {
	m.LastUpdateAt = t.now
	m.ResolveRoles()
	_, err := t.exec(ctx, "UPDATE channel_members SET scheme_guest = ?, scheme_user = ?, scheme_admin = ?, explicit_roles = ?, last_update_at = ? WHERE channel_id = ? AND user_id = ?",
		m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, m.ExplicitRoles, m.LastUpdateAt, m.ChannelID, m.UserID)
	if err != nil {
		return fmt.Errorf("update membership: %w", err)
	}
	return nil
}

// ChannelMember reads a membership.
func (s *Store) ChannelMember(ctx context.Context, channelID, userID string) (*muster.ChannelMember, error) {
	return scanChannelMember(s.queryRow(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.channel_id = ? AND m.user_id = ?", channelID, userID))
}

// ChannelMembers returns a page of a channel's members by user id.
func (s *Store) ChannelMembers(ctx context.Context, channelID string, offset, limit int) ([]*muster.ChannelMember, error) {
	rows, err := s.query(ctx, "SELECT "+channelMemberColumns+" FROM channel_members m WHERE m.channel_id = ? ORDER BY m.user_id LIMIT ? OFFSET ?", channelID, limit, offset)
	return collect(rows, err, scanChannelMember)
}

// ChannelMembersByIDs returns the members among user ids.
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

// ChannelMembershipsOf returns a user's memberships in a team's channels and in direct and group channels.
func (s *Store) ChannelMembershipsOf(ctx context.Context, userID, teamID string) ([]*muster.ChannelMember, error) {
	rows, err := s.query(ctx, "SELECT "+channelMemberColumns+` FROM channel_members m JOIN channels c ON c.id = m.channel_id
		WHERE m.user_id = ? AND (c.team_id = ? OR c.team_id IS NULL) AND c.delete_at = 0 ORDER BY m.channel_id`, userID, teamID)
	return collect(rows, err, scanChannelMember)
}

// ChannelMembershipsWithTeams returns a page of all a user's memberships, each with its channel's team.
func (s *Store) ChannelMembershipsWithTeams(ctx context.Context, userID string, offset, limit int) ([]*muster.ChannelMemberWithTeamData, error) {
	rows, err := s.query(ctx, "SELECT "+channelMemberColumns+`, COALESCE(t.display_name, ''), COALESCE(t.name, ''), COALESCE(t.update_at, 0)
		FROM channel_members m JOIN channels c ON c.id = m.channel_id LEFT JOIN teams t ON t.id = c.team_id
		WHERE m.user_id = ? ORDER BY m.channel_id LIMIT ? OFFSET ?`, userID, limit, offset)
	return collect(rows, err, func(r scanner) (*muster.ChannelMemberWithTeamData, error) {
		m := &muster.ChannelMemberWithTeamData{}
		var notify jsonMap
		err := r.Scan(append(channelMemberFields(&m.ChannelMember, &notify), &m.TeamDisplayName, &m.TeamName, &m.TeamUpdateAt)...)
		resolveChannelMember(&m.ChannelMember, notify)
		return m, err
	})
}

// CountChannelMembers counts a channel's active members, and the guests among them.
func (s *Store) CountChannelMembers(ctx context.Context, channelID string) (members, guests int64, err error) {
	err = s.queryRow(ctx, `SELECT count(*), COALESCE(SUM(CASE WHEN m.scheme_guest THEN 1 ELSE 0 END), 0)
		FROM channel_members m JOIN users u ON u.id = m.user_id WHERE m.channel_id = ? AND u.delete_at = 0`, channelID).Scan(&members, &guests)
	return members, guests, err
}
