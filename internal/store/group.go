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

var errGroupName = muster.E(muster.Invalid, "app.custom_group.unique_name")

// InsertGroup inserts a group. A taken name is app.custom_group.unique_name, kind Invalid.
func (t *Tx) InsertGroup(ctx context.Context, g *muster.Group) error {
	n, err := t.exec(ctx, `INSERT INTO user_groups (id, name, display_name, description, source, remote_id, create_at, update_at, delete_at, allow_reference)
		VALUES (`+placeholders(10)+`) ON CONFLICT DO NOTHING`,
		g.ID, g.Name, g.DisplayName, g.Description, g.Source, g.RemoteID, g.CreateAt, g.UpdateAt, g.DeleteAt, g.AllowReference)
	if err != nil {
		return fmt.Errorf("insert group: %w", err)
	}
	if n == 0 {
		return errGroupName
	}
	return nil
}

// GroupForUpdate reads a group, archived or not, and holds off others that change it, its members or its links until the transaction's end; ErrNotFound.
func (t *Tx) GroupForUpdate(ctx context.Context, id string) (*muster.Group, error) {
	if _, err := scanString(t.queryRow(ctx, "SELECT id FROM user_groups WHERE id = ?"+t.s.dialect.forUpdate(), id)); err != nil {
		return nil, noRow(err)
	}
	return t.Group(ctx, id)
}

// SaveGroup writes a group that GroupForUpdate read. A taken name is refused as in InsertGroup.
func (t *Tx) SaveGroup(ctx context.Context, g *muster.Group) error {
	other, err := scanString(t.queryRow(ctx, "SELECT id FROM user_groups WHERE name = ?", g.Name))
	if err == nil && other != g.ID {
		return errGroupName
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look for the name: %w", err)
	}
	_, err = t.exec(ctx, "UPDATE user_groups SET name = ?, display_name = ?, description = ?, update_at = ?, delete_at = ?, allow_reference = ? WHERE id = ?",
		g.Name, g.DisplayName, g.Description, g.UpdateAt, g.DeleteAt, g.AllowReference, g.ID)
	if err != nil {
		return fmt.Errorf("update group: %w", err)
	}
	return nil
}

// AddGroupMembers puts users in a group that is locked or new, and returns all their memberships. Kind NotFound for an unknown user.
func (t *Tx) AddGroupMembers(ctx context.Context, groupID string, userIDs []string) ([]*muster.GroupMember, error) {
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

// RemoveGroupMembers takes users out of a locked group; ErrNotFound when one is not in it.
func (t *Tx) RemoveGroupMembers(ctx context.Context, groupID string, userIDs []string) error {
	for _, id := range slices.Compact(slices.Sorted(slices.Values(userIDs))) {
		if err := changed(t.exec(ctx, "DELETE FROM group_members WHERE group_id = ? AND user_id = ?", groupID, id)); err != nil {
			return err
		}
	}
	return nil
}

// Group reads a group, archived or not; ErrNotFound.
func (t *Tx) Group(ctx context.Context, id string) (*muster.Group, error) {
	return group(ctx, t.queryRow, id)
}

// Group reads a group, archived or not; ErrNotFound.
func (s *Store) Group(ctx context.Context, id string) (*muster.Group, error) {
	return group(ctx, s.queryRow, id)
}

func group(ctx context.Context, query rowQuery, id string) (*muster.Group, error) {
	return scanGroup(query(ctx, "SELECT "+groupColumns+" FROM user_groups g WHERE g.id = ?", id))
}

// GroupFilter selects the groups of a list. A zero field selects all.
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

// Groups returns a page of groups by display name.
func (s *Store) Groups(ctx context.Context, f GroupFilter, offset, limit int) ([]*muster.Group, error) {
	c := f.condition()
	rows, err := s.query(ctx, "SELECT "+groupColumns+" FROM user_groups g"+c.where()+" ORDER BY g.display_name, g.id LIMIT ? OFFSET ?", append(c.args, limit, offset)...)
	return collect(rows, err, scanGroup)
}
