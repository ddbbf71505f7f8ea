package store

import (
	"context"
	"fmt"

	"muster"
)

// syncables names the table and column of what a group is linked to.
var syncables = map[string][2]string{
	muster.SyncableTeam:    {"group_teams", "team_id"},
	muster.SyncableChannel: {"group_channels", "channel_id"},
}

// LinkGroup links a locked group to a team or channel, or changes its link, and returns the link.
func (t *Tx) LinkGroup(ctx context.Context, l *muster.GroupSyncable) (*muster.GroupSyncable, error) {
	name := syncables[l.Type]
	_, err := t.exec(ctx, "INSERT INTO "+name[0]+" (group_id, "+name[1]+`, auto_add, scheme_admin, create_at, update_at) VALUES (?,?,?,?,?,?)
		ON CONFLICT (group_id, `+name[1]+") DO UPDATE SET auto_add = excluded.auto_add, scheme_admin = excluded.scheme_admin, update_at = excluded.update_at",
		l.GroupID, l.TeamID+l.ChannelID, l.AutoAdd, l.SchemeAdmin, t.now, t.now)
	if err != nil {
		return nil, fmt.Errorf("link group: %w", err)
	}
	row := t.queryRow(ctx, "SELECT group_id, "+name[1]+", auto_add, scheme_admin, create_at, update_at FROM "+name[0]+" WHERE group_id = ? AND "+name[1]+" = ?", l.GroupID, l.TeamID+l.ChannelID)
	return scanSyncable(l.Type)(row)
}

// UnlinkGroup removes a locked group's link to a team or channel; ErrNotFound when it was not linked.
func (t *Tx) UnlinkGroup(ctx context.Context, kind, groupID, id string) error {
	name := syncables[kind]
	return changed(t.exec(ctx, "DELETE FROM "+name[0]+" WHERE group_id = ? AND "+name[1]+" = ?", groupID, id))
}

func scanSyncable(kind string) func(scanner) (*muster.GroupSyncable, error) {
	return func(r scanner) (*muster.GroupSyncable, error) {
		l := &muster.GroupSyncable{Type: kind}
		id := &l.TeamID
		if kind == muster.SyncableChannel {
			id = &l.ChannelID
		}
		return l, noRow(r.Scan(&l.GroupID, id, &l.AutoAdd, &l.SchemeAdmin, &l.CreateAt, &l.UpdateAt))
	}
}

// GroupLinks returns the teams, or the channels, that a group is linked to.
func (s *Store) GroupLinks(ctx context.Context, kind, groupID string) ([]*muster.GroupSyncable, error) {
	name := syncables[kind]
	rows, err := s.query(ctx, "SELECT group_id, "+name[1]+", auto_add, scheme_admin, create_at, update_at FROM "+name[0]+" WHERE group_id = ? ORDER BY "+name[1], groupID)
	return collect(rows, err, scanSyncable(kind))
}

// EnforceGroupConstraint refuses users who join a group-constrained team or channel, whose row it locks, and are in no group that is linked to it: kind
// Invalid, api.team.add_members.user_denied or api.channel.add_members.user_denied.
func (t *Tx) EnforceGroupConstraint(ctx context.Context, kind, id string, userIDs ...string) error {
	place, refusal := "teams", "api.team.add_members.user_denied"
	if kind == muster.SyncableChannel {
		place, refusal = "channels", "api.channel.add_members.user_denied"
	}
	var constrained *bool
	err := t.queryRow(ctx, "SELECT group_constrained FROM "+place+" WHERE id = ?"+t.s.dialect.forUpdate(), id).Scan(&constrained)
	if err != nil || constrained == nil || !*constrained {
		return noRow(err)
	}
	name := syncables[kind]
	for _, user := range userIDs {
		var n int
		err := t.queryRow(ctx, "SELECT count(*) FROM group_members m JOIN "+name[0]+" s ON s.group_id = m.group_id JOIN user_groups g ON g.id = m.group_id AND g.delete_at = 0 WHERE s."+
			name[1]+" = ? AND m.user_id = ?", id, user).Scan(&n)
		if err != nil {
			return fmt.Errorf("look for a linked group of a user: %w", err)
		}
		if n == 0 {
			return muster.E(muster.Invalid, refusal)
		}
	}
	return nil
}

// LinkedPlace is a team or channel that a group is linked to, and the roles that a user has there by membership.
type LinkedPlace struct {
	Kind        string // muster.SyncableTeam or muster.SyncableChannel
	ChannelType string // "" for a team
	Roles       string // those of a channel's team too
}

// LinkedPlaces returns the teams and channels that a locked group is linked to, with a user's roles there. Links are made and removed under the group's
// lock, so that none appears until the transaction's end (docs/adr/0020-acting-on-accounts.md).
func (t *Tx) LinkedPlaces(ctx context.Context, groupID, userID string) ([]LinkedPlace, error) {
	rows, err := t.query(ctx, `SELECT COALESCE(m.scheme_guest, FALSE), COALESCE(m.scheme_user, FALSE), COALESCE(m.scheme_admin, FALSE), COALESCE(m.explicit_roles, '')
		FROM group_teams s LEFT JOIN team_members m ON m.team_id = s.team_id AND m.user_id = ? AND m.delete_at = 0 WHERE s.group_id = ?`, userID, groupID)
	teams, err := collect(rows, err, scanLinkedTeam)
	if err != nil {
		return nil, fmt.Errorf("read the teams that a group is linked to: %w", err)
	}
	rows, err = t.query(ctx, `SELECT COALESCE(tm.scheme_guest, FALSE), COALESCE(tm.scheme_user, FALSE), COALESCE(tm.scheme_admin, FALSE), COALESCE(tm.explicit_roles, ''),
		COALESCE(m.scheme_guest, FALSE), COALESCE(m.scheme_user, FALSE), COALESCE(m.scheme_admin, FALSE), COALESCE(m.explicit_roles, ''), c.type
		FROM group_channels s JOIN channels c ON c.id = s.channel_id LEFT JOIN channel_members m ON m.channel_id = c.id AND m.user_id = ?
		LEFT JOIN team_members tm ON tm.team_id = c.team_id AND tm.user_id = ? AND tm.delete_at = 0 WHERE s.group_id = ?`, userID, userID, groupID)
	channels, err := collect(rows, err, scanLinkedChannel)
	if err != nil {
		return nil, fmt.Errorf("read the channels that a group is linked to: %w", err)
	}
	return append(teams, channels...), nil
}

func scanLinkedTeam(r scanner) (LinkedPlace, error) {
	var m muster.TeamMember
	err := r.Scan(&m.SchemeGuest, &m.SchemeUser, &m.SchemeAdmin, &m.ExplicitRoles)
	m.ResolveRoles()
	return LinkedPlace{Kind: muster.SyncableTeam, Roles: m.Roles}, err
}

func scanLinkedChannel(r scanner) (LinkedPlace, error) {
	var team muster.TeamMember
	var m muster.ChannelMember
	p := LinkedPlace{Kind: muster.SyncableChannel}
	err := r.Scan(&team.SchemeGuest, &team.SchemeUser, &team.SchemeAdmin, &team.ExplicitRoles, &m.SchemeGuest, &m.SchemeUser, &m.SchemeAdmin, &m.ExplicitRoles, &p.ChannelType)
	team.ResolveRoles()
	m.ResolveRoles()
	p.Roles = m.Roles + " " + team.Roles
	return p, err
}
