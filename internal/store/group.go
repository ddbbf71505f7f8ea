package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"muster"
)

const groupColumns = `g.id, g.name, g.display_name, g.description, g.source, g.remote_id, g.create_at, g.update_at, g.delete_at, g.allow_reference,
	(EXISTS (SELECT 1 FROM group_teams s WHERE s.group_id = g.id) OR EXISTS (SELECT 1 FROM group_channels s WHERE s.group_id = g.id)),
	(SELECT count(*) FROM group_members m JOIN users u ON u.id = m.user_id WHERE m.group_id = g.id AND u.delete_at = 0)`

func scanGroup(r scanner) (*muster.Group, error) {
	g := &muster.Group{MemberCount: new(int)}
	err := r.Scan(&g.ID, &g.Name, &g.DisplayName, &g.Description, &g.Source, &g.RemoteID, &g.CreateAt, &g.UpdateAt, &g.DeleteAt, &g.AllowReference,
		&g.HasSyncables, g.MemberCount)
	return g, noRow(err)
}

// CreateGroup inserts a group with its first members. A taken name is app.custom_group.unique_name, kind Invalid; an unknown
// member app.user.missing_account.const, kind NotFound.
func (s *Store) CreateGroup(ctx context.Context, g *muster.Group, memberIDs []string, audits ...*muster.Audit) (created *muster.Group, err error) {
	err = s.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO user_groups (id, name, display_name, description, source, remote_id, create_at, update_at, delete_at, allow_reference)
			VALUES (`+marks(10)+`) ON CONFLICT DO NOTHING`,
			g.ID, g.Name, g.DisplayName, g.Description, g.Source, g.RemoteID, g.CreateAt, g.UpdateAt, g.DeleteAt, g.AllowReference)
		if err != nil {
			return fmt.Errorf("insert group: %w", err)
		}
		if n == 0 {
			return errGroupName
		}
		if _, err := t.addGroupMembers(ctx, g.ID, memberIDs); err != nil {
			return err
		}
		if created, err = t.group(ctx, g.ID); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return created, err
}

var errGroupName = muster.E(muster.Invalid, "app.custom_group.unique_name")

func (t *tx) group(ctx context.Context, id string) (*muster.Group, error) {
	return scanGroup(t.queryRow(ctx, "SELECT "+groupColumns+" FROM user_groups g WHERE g.id = ?", id))
}

// Group reads a group, archived or not.
func (s *Store) Group(ctx context.Context, id string) (*muster.Group, error) {
	return scanGroup(s.queryRow(ctx, "SELECT "+groupColumns+" FROM user_groups g WHERE g.id = ?", id))
}

// GroupFilter narrows a list of groups; what is left zero does not narrow.
type GroupFilter struct {
	Term           string // in the name or display name
	Member         string // user id
	LinkedTeam     string
	LinkedChannel  string
	NotLinkedTeam  string
	NotLinkedChan  string
	Source         string
	AllowReference bool
	Archived       bool // archived ones too
	OnlyArchived   bool
}

func (f *GroupFilter) condition() *condition {
	c := &condition{}
	switch {
	case f.OnlyArchived:
		c.add("g.delete_at <> 0")
	case !f.Archived:
		c.add("g.delete_at = 0")
	}
	if f.Term != "" {
		like := "%" + escapeLike(strings.ToLower(f.Term)) + "%"
		c.add("(g.name LIKE ? ESCAPE '!' OR LOWER(g.display_name) LIKE ? ESCAPE '!')", like, like)
	}
	const (
		inTeam    = "EXISTS (SELECT 1 FROM group_teams s WHERE s.group_id = g.id AND s.team_id = ?)"
		inChannel = "EXISTS (SELECT 1 FROM group_channels s WHERE s.group_id = g.id AND s.channel_id = ?)"
	)
	for _, p := range []struct{ value, sql string }{
		{f.Member, "EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = g.id AND m.user_id = ?)"},
		{f.LinkedTeam, inTeam}, {f.LinkedChannel, inChannel}, {f.NotLinkedTeam, "NOT " + inTeam}, {f.NotLinkedChan, "NOT " + inChannel},
		{f.Source, "g.source = ?"},
	} {
		if p.value != "" {
			c.add(p.sql, p.value)
		}
	}
	if f.AllowReference {
		c.add("g.allow_reference")
	}
	return c
}

// Groups gives a page of groups by display name.
func (s *Store) Groups(ctx context.Context, f GroupFilter, offset, limit int) ([]*muster.Group, error) {
	c := f.condition()
	rows, err := s.query(ctx, "SELECT "+groupColumns+" FROM user_groups g"+c.where()+" ORDER BY g.display_name, g.id LIMIT ? OFFSET ?", append(c.args, limit, offset)...)
	return collect(rows, err, scanGroup)
}

// UpdateGroup changes a group and gives it as it is then; a taken name is refused as in CreateGroup.
func (s *Store) UpdateGroup(ctx context.Context, id string, apply func(*muster.Group) error, audits ...*muster.Audit) (g *muster.Group, err error) {
	err = s.write(ctx, func(t *tx) error {
		if _, err := scanString(t.queryRow(ctx, "SELECT id FROM user_groups WHERE id = ?"+t.s.dialect.forUpdate(), id)); err != nil {
			return noRow(err)
		}
		if g, err = t.group(ctx, id); err != nil {
			return err
		}
		if err := apply(g); err != nil {
			return err
		}
		other, err := scanString(t.queryRow(ctx, "SELECT id FROM user_groups WHERE name = ?", g.Name))
		if err == nil && other != id {
			return errGroupName
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look for the name: %w", err)
		}
		_, err = t.exec(ctx, "UPDATE user_groups SET name = ?, display_name = ?, description = ?, update_at = ?, delete_at = ?, allow_reference = ? WHERE id = ?",
			g.Name, g.DisplayName, g.Description, g.UpdateAt, g.DeleteAt, g.AllowReference, id)
		if err != nil {
			return fmt.Errorf("update group: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
	return g, err
}

// AddGroupMembers puts users in a group, all or none, and gives all their memberships. ErrNotFound without the group; an unknown user is
// app.user.missing_account.const.
func (s *Store) AddGroupMembers(ctx context.Context, groupID string, userIDs []string, audits ...*muster.Audit) (members []*muster.GroupMember, err error) {
	err = s.write(ctx, func(t *tx) error {
		if _, err := t.group(ctx, groupID); err != nil {
			return err
		}
		if members, err = t.addGroupMembers(ctx, groupID, userIDs); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return members, err
}

func (t *tx) addGroupMembers(ctx context.Context, groupID string, userIDs []string) ([]*muster.GroupMember, error) {
	userIDs = slices.Compact(slices.Sorted(slices.Values(userIDs))) // in one order, so that two such transactions don't wait for each other
	members := []*muster.GroupMember{}
	for _, id := range userIDs {
		if _, err := scanString(t.queryRow(ctx, "SELECT id FROM users WHERE id = ?", id)); err != nil {
			if errors.Is(err, sql.ErrNoRows) {
				return nil, muster.E(muster.NotFound, "app.user.missing_account.const")
			}
			return nil, err
		}
		if _, err := t.exec(ctx, "INSERT INTO group_members (group_id, user_id, create_at) VALUES (?,?,?) ON CONFLICT DO NOTHING", groupID, id, t.now); err != nil {
			return nil, fmt.Errorf("insert group member: %w", err)
		}
		members = append(members, &muster.GroupMember{GroupID: groupID, UserID: id, CreateAt: t.now})
	}
	return members, nil
}

// RemoveGroupMembers takes users out of a group, all or none; ErrNotFound when one is not in it.
func (s *Store) RemoveGroupMembers(ctx context.Context, groupID string, userIDs []string, audits ...*muster.Audit) error {
	return s.write(ctx, func(t *tx) error {
		for _, id := range slices.Compact(slices.Sorted(slices.Values(userIDs))) {
			if err := changed(t.exec(ctx, "DELETE FROM group_members WHERE group_id = ? AND user_id = ?", groupID, id)); err != nil {
				return err
			}
		}
		return t.saveAudits(ctx, audits)
	})
}

// syncables names the table and column of what a group is linked to.
var syncables = map[string][2]string{
	muster.SyncableTeam:    {"group_teams", "team_id"},
	muster.SyncableChannel: {"group_channels", "channel_id"},
}

// LinkGroup ties a group to a team or channel, or changes how it is tied.
func (s *Store) LinkGroup(ctx context.Context, l *muster.GroupSyncable, audits ...*muster.Audit) (link *muster.GroupSyncable, err error) {
	name := syncables[l.Type]
	err = s.write(ctx, func(t *tx) error {
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
	return s.write(ctx, func(t *tx) error {
		if err := changed(t.exec(ctx, "DELETE FROM "+name[0]+" WHERE group_id = ? AND "+name[1]+" = ?", groupID, id)); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// GroupLinks gives the teams, or the channels, that a group is linked to.
func (s *Store) GroupLinks(ctx context.Context, kind, groupID string) ([]*muster.GroupSyncable, error) {
	name := syncables[kind]
	rows, err := s.query(ctx, "SELECT group_id, "+name[1]+", auto_add, scheme_admin, create_at, update_at FROM "+name[0]+" WHERE group_id = ? ORDER BY "+name[1], groupID)
	return collect(rows, err, scanSyncable(kind))
}

// InLinkedGroups tells whether every one of the users is in a group that is linked to the team or channel.
func (s *Store) InLinkedGroups(ctx context.Context, kind, id string, userIDs []string) (bool, error) {
	name := syncables[kind]
	for _, user := range userIDs {
		var n int
		err := s.queryRow(ctx, "SELECT count(*) FROM group_members m JOIN "+name[0]+" s ON s.group_id = m.group_id JOIN user_groups g ON g.id = m.group_id AND g.delete_at = 0 WHERE s."+
			name[1]+" = ? AND m.user_id = ?", id, user).Scan(&n)
		if err != nil || n == 0 {
			return false, err
		}
	}
	return true, nil
}
