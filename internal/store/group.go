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
	err = s.WriteGrowing(ctx, func(t *Tx) error {
		n, err := t.exec(ctx, `INSERT INTO user_groups (id, name, display_name, description, source, remote_id, create_at, update_at, delete_at, allow_reference)
			VALUES (`+placeholders(10)+`) ON CONFLICT DO NOTHING`,
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

// lockGroup reads a group and holds off others that change it, its members or its links.
func (t *Tx) lockGroup(ctx context.Context, id string) (*muster.Group, error) {
	if _, err := scanString(t.queryRow(ctx, "SELECT id FROM user_groups WHERE id = ?"+t.s.dialect.forUpdate(), id)); err != nil {
		return nil, noRow(err)
	}
	return t.group(ctx, id)
}

func (t *Tx) group(ctx context.Context, id string) (*muster.Group, error) {
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

// UpdateGroup changes a group and returns it as it is then; a taken name is refused as in CreateGroup. guard is for a change that decides who
// belongs to it, nil for another.
func (s *Store) UpdateGroup(ctx context.Context, id string, guard *MembershipGuard, apply func(*muster.Group) error, audits ...*muster.Audit) (g *muster.Group, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		if g, err = t.lockGroup(ctx, id); err != nil {
			return err
		}
		if err := t.guardMembership(ctx, id, guard); err != nil {
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

// AddGroupMembers puts users in a group, all or none, and returns all their memberships. ErrNotFound without the group or when it is archived; an
// unknown user is app.user.missing_account.const.
func (s *Store) AddGroupMembers(ctx context.Context, groupID string, userIDs []string, guard *MembershipGuard, audits ...*muster.Audit) (members []*muster.GroupMember, err error) {
	err = s.WriteGrowing(ctx, func(t *Tx) error {
		if err := t.lockMembership(ctx, groupID, guard); err != nil {
			return err
		}
		if members, err = t.addGroupMembers(ctx, groupID, userIDs); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
	return members, err
}

// lockMembership locks a group that is not archived and holds it against the guard.
func (t *Tx) lockMembership(ctx context.Context, groupID string, guard *MembershipGuard) error {
	g, err := t.lockGroup(ctx, groupID)
	if err != nil {
		return err
	}
	if g.DeleteAt != 0 {
		return ErrNotFound
	}
	return t.guardMembership(ctx, groupID, guard)
}

func (t *Tx) addGroupMembers(ctx context.Context, groupID string, userIDs []string) ([]*muster.GroupMember, error) {
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
func (s *Store) RemoveGroupMembers(ctx context.Context, groupID string, userIDs []string, guard *MembershipGuard, audits ...*muster.Audit) error {
	return s.Write(ctx, func(t *Tx) error {
		if err := t.lockMembership(ctx, groupID, guard); err != nil {
			return err
		}
		for _, id := range slices.Compact(slices.Sorted(slices.Values(userIDs))) {
			if err := changed(t.exec(ctx, "DELETE FROM group_members WHERE group_id = ? AND user_id = ?", groupID, id)); err != nil {
				return err
			}
		}
		return t.saveAudits(ctx, audits)
	})
}
