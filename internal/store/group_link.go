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

// LinkGroup ties a group to a team or channel, or changes how it is tied. ErrNotFound without the group.
func (s *Store) LinkGroup(ctx context.Context, l *muster.GroupSyncable, audits ...*muster.Audit) (link *muster.GroupSyncable, err error) {
	name := syncables[l.Type]
	err = s.Write(ctx, func(t *Tx) error {
		if _, err := t.lockGroup(ctx, l.GroupID); err != nil {
			return err
		}
		_, err := t.exec(ctx, "INSERT INTO "+name[0]+" (group_id, "+name[1]+`, auto_add, scheme_admin, create_at, update_at) VALUES (?,?,?,?,?,?)
			ON CONFLICT (group_id, `+name[1]+") DO UPDATE SET auto_add = excluded.auto_add, scheme_admin = excluded.scheme_admin, update_at = excluded.update_at",
			l.GroupID, l.TeamID+l.ChannelID, l.AutoAdd, l.SchemeAdmin, t.now, t.now)
		if err != nil {
			return fmt.Errorf("link group: %w", err)
		}
		row := t.queryRow(ctx, "SELECT group_id, "+name[1]+", auto_add, scheme_admin, create_at, update_at FROM "+name[0]+" WHERE group_id = ? AND "+name[1]+" = ?", l.GroupID, l.TeamID+l.ChannelID)
		if link, err = scanSyncable(l.Type)(row); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return link, err
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

// UnlinkGroup unties a group from a team or channel; ErrNotFound when it was not tied.
func (s *Store) UnlinkGroup(ctx context.Context, kind, groupID, id string, audits ...*muster.Audit) error {
	name := syncables[kind]
	return s.Write(ctx, func(t *Tx) error {
		if _, err := t.lockGroup(ctx, groupID); err != nil {
			return err
		}
		if err := changed(t.exec(ctx, "DELETE FROM "+name[0]+" WHERE group_id = ? AND "+name[1]+" = ?", groupID, id)); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// GroupLinks returns the teams, or the channels, that a group is linked to.
func (s *Store) GroupLinks(ctx context.Context, kind, groupID string) ([]*muster.GroupSyncable, error) {
	name := syncables[kind]
	rows, err := s.query(ctx, "SELECT group_id, "+name[1]+", auto_add, scheme_admin, create_at, update_at FROM "+name[0]+" WHERE group_id = ? ORDER BY "+name[1], groupID)
	return collect(rows, err, scanSyncable(kind))
}

// refuseOutsiders holds users who join a team or channel, whose row it locks, against the groups that are linked to it, if those decide who belongs
// there. Kind Invalid for one who is in none of them.
func (t *Tx) refuseOutsiders(ctx context.Context, kind, id string, userIDs ...string) error {
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

// LinkedPlace is a team or channel that a group is linked to, and the roles that somebody has by belonging to it.
type LinkedPlace struct {
	Kind        string // muster.SyncableTeam or muster.SyncableChannel
	ChannelType string // "" for a team
	Roles       string // those of a channel's team too
}

// MembershipGuard decides whether UserID may change who belongs to a group, by what the group is linked to. Its error undoes everything. The group
// stays locked, and links are made and removed under that lock, so that none appears between the decision and the change
// (docs/adr/0020-acting-on-accounts.md).
type MembershipGuard struct {
	UserID string
	Check  func([]LinkedPlace) error
}

// guardMembership holds a locked group against g; nil allows the change.
func (t *Tx) guardMembership(ctx context.Context, groupID string, g *MembershipGuard) error {
	if g == nil {
		return nil
	}
	rows, err := t.query(ctx, `SELECT COALESCE(m.scheme_guest, FALSE), COALESCE(m.scheme_user, FALSE), COALESCE(m.scheme_admin, FALSE), COALESCE(m.explicit_roles, '')
		FROM group_teams s LEFT JOIN team_members m ON m.team_id = s.team_id AND m.user_id = ? AND m.delete_at = 0 WHERE s.group_id = ?`, g.UserID, groupID)
	places, err := collect(rows, err, scanLinkedTeam)
	if err != nil {
		return fmt.Errorf("read the teams that a group is linked to: %w", err)
	}
	rows, err = t.query(ctx, `SELECT COALESCE(tm.scheme_guest, FALSE), COALESCE(tm.scheme_user, FALSE), COALESCE(tm.scheme_admin, FALSE), COALESCE(tm.explicit_roles, ''),
		COALESCE(m.scheme_guest, FALSE), COALESCE(m.scheme_user, FALSE), COALESCE(m.scheme_admin, FALSE), COALESCE(m.explicit_roles, ''), c.type
		FROM group_channels s JOIN channels c ON c.id = s.channel_id LEFT JOIN channel_members m ON m.channel_id = c.id AND m.user_id = ?
		LEFT JOIN team_members tm ON tm.team_id = c.team_id AND tm.user_id = ? AND tm.delete_at = 0 WHERE s.group_id = ?`, g.UserID, g.UserID, groupID)
	channels, err := collect(rows, err, scanLinkedChannel)
	if err != nil {
		return fmt.Errorf("read the channels that a group is linked to: %w", err)
	}
	return g.Check(append(places, channels...))
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
