package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"muster"
)

const roleColumns = "id, name, display_name, description, create_at, update_at, delete_at, permissions, scheme_managed, built_in"

func scanRole(r scanner) (*muster.Role, error) {
	role := &muster.Role{}
	var permissions string
	err := r.Scan(&role.ID, &role.Name, &role.DisplayName, &role.Description, &role.CreateAt, &role.UpdateAt, &role.DeleteAt,
		&permissions, &role.SchemeManaged, &role.BuiltIn)
	role.Permissions = strings.Fields(permissions)
	return role, noRow(err)
}

// InsertBuiltInRoles inserts those of the built-in roles that are not there yet. The others stay as administrators changed them.
func (t *Tx) InsertBuiltInRoles(ctx context.Context, roles []*muster.Role) error {
	t.changes.Roles = true
	for _, r := range roles {
		_, err := t.exec(ctx, "INSERT INTO roles ("+roleColumns+") VALUES ("+placeholders(10)+") ON CONFLICT DO NOTHING",
			muster.NewID(), r.Name, r.DisplayName, r.Description, t.now, t.now, 0, strings.Join(r.Permissions, " "), r.SchemeManaged, true)
		if err != nil {
			return fmt.Errorf("insert role %s: %w", r.Name, err)
		}
	}
	return nil
}

// RoleForUpdate reads a role by id and holds it as it is until the transaction's end; ErrNotFound.
func (t *Tx) RoleForUpdate(ctx context.Context, id string) (*muster.Role, error) {
	return scanRole(t.queryRow(ctx, "SELECT "+roleColumns+" FROM roles WHERE id = ?"+t.s.dialect.forUpdate(), id))
}

// SaveRole writes the permissions of a role that RoleForUpdate read.
func (t *Tx) SaveRole(ctx context.Context, r *muster.Role) error {
	t.changes.Roles = true
	r.UpdateAt = t.now
	if _, err := t.exec(ctx, "UPDATE roles SET permissions = ?, update_at = ? WHERE id = ?", strings.Join(r.Permissions, " "), r.UpdateAt, r.ID); err != nil {
		return fmt.Errorf("update role: %w", err)
	}
	return nil
}

// Roles lists every role by name.
func (s *Store) Roles(ctx context.Context) ([]*muster.Role, error) {
	rows, err := s.query(ctx, "SELECT "+roleColumns+" FROM roles ORDER BY name")
	return collect(rows, err, scanRole)
}

// TeamRolesOf returns the roles that a user has by membership in a team, "" without one.
func (s *Store) TeamRolesOf(ctx context.Context, teamID, userID string) (string, error) {
	m := &muster.TeamMember{}
	err := noRow(s.queryRow(ctx, "SELECT scheme_guest, scheme_user, scheme_admin, explicit_roles FROM team_members WHERE team_id = ? AND user_id = ? AND delete_at = 0",
		teamID, userID).Scan(&m.SchemeGuest, &m.SchemeUser, &m.SchemeAdmin, &m.ExplicitRoles))
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	m.ResolveRoles()
	return m.Roles, err
}

// ChannelRolesOf returns the roles that a user has by membership in a channel, "" without one, and the channel's
// team, "" for direct and group channels. ErrNotFound when there is no such channel.
func (s *Store) ChannelRolesOf(ctx context.Context, channelID, userID string) (roles, teamID string, err error) {
	m := &muster.ChannelMember{}
	err = noRow(s.queryRow(ctx, `SELECT COALESCE(c.team_id, ''), COALESCE(m.scheme_guest, FALSE), COALESCE(m.scheme_user, FALSE), COALESCE(m.scheme_admin, FALSE),
		COALESCE(m.explicit_roles, '') FROM channels c LEFT JOIN channel_members m ON m.channel_id = c.id AND m.user_id = ? WHERE c.id = ?`,
		userID, channelID).Scan(&teamID, &m.SchemeGuest, &m.SchemeUser, &m.SchemeAdmin, &m.ExplicitRoles))
	m.ResolveRoles()
	return m.Roles, teamID, err
}
