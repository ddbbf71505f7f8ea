package core

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/store"
)

// CreateBuiltInRoles creates those of the built-in roles that a database lacks. The others stay as administrators changed them.
func CreateBuiltInRoles(ctx context.Context, db *store.Store) error {
	list, err := db.Roles(ctx)
	if err != nil {
		return fmt.Errorf("read roles: %w", err)
	}
	has := map[string]bool{}
	for _, r := range list {
		has[r.Name] = true
	}
	var missing []*muster.Role
	for _, r := range muster.BuiltInRoles() {
		if !has[r.Name] {
			missing = append(missing, r)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return db.Write(ctx, func(tx *store.Tx) error { return tx.InsertBuiltInRoles(ctx, missing) })
}

// RoleByName returns a role; kind NotFound.
func (c *Core) RoleByName(ctx context.Context, name string) (*muster.Role, error) {
	roles, _, err := c.RolesByName(ctx)
	if err != nil {
		return nil, err
	}
	if r := roles[name]; r != nil {
		return r, nil
	}
	return nil, muster.E(muster.NotFound, "app.role.get_by_name.app_error")
}
