package directory

import (
	"context"
	"maps"
	"slices"
	"strings"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// roleNamesMax is how many roles one request may ask for.
const roleNamesMax = 100

// Roles lists every role by name; needs to read the permissions.
func (d *Directory) Roles(ctx context.Context, who *core.Caller) ([]*muster.Role, error) {
	if err := d.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	roles, _, err := d.core.RolesByName(ctx)
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(roles), byRoleName), nil
}

func byRoleName(a, b *muster.Role) int { return strings.Compare(a.Name, b.Name) }

// Role returns a role by id; kind NotFound.
func (d *Directory) Role(ctx context.Context, id string) (*muster.Role, error) {
	roles, _, err := d.core.RolesByName(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, muster.E(muster.NotFound, "app.role.get.app_error")
}

// RoleByName returns a role by name; kind NotFound.
func (d *Directory) RoleByName(ctx context.Context, name string) (*muster.Role, error) {
	return d.core.RoleByName(ctx, name)
}

// RolesByNames returns those of the named roles that exist.
func (d *Directory) RolesByNames(ctx context.Context, names []string) ([]*muster.Role, error) {
	if len(names) == 0 || len(names) > roleNamesMax {
		return nil, muster.InvalidParam("rolenames")
	}
	if !muster.ValidRoleNames(strings.Join(names, " ")) {
		return nil, muster.InvalidParam("rolename")
	}
	roles, _, err := d.core.RolesByName(ctx)
	if err != nil {
		return nil, err
	}
	list := []*muster.Role{}
	for _, n := range names {
		if r := roles[n]; r != nil && !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list, nil
}

// PatchRole replaces what a role grants, from this moment on. The administrators' own role can't lose manage_system,
// for nobody could give it back. Kinds: Forbidden, NotFound, Invalid.
func (d *Directory) PatchRole(ctx context.Context, who *core.Caller, id string, p muster.RolePatch) (*muster.Role, error) {
	if err := d.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	if p.Permissions == nil {
		return d.Role(ctx, id)
	}
	granted := slices.Clone(*p.Permissions)
	slices.Sort(granted)
	granted = slices.Compact(granted)
	unknown := slices.ContainsFunc(granted, func(name string) bool { return !muster.KnownPermission(name) })
	var role *muster.Role
	err := d.store.Write(ctx, func(tx *store.Tx) (err error) {
		if role, err = tx.RoleForUpdate(ctx, id); err != nil {
			return core.Missing(err, muster.NotFound, "app.role.get.app_error")
		}
		if unknown || role.Name == muster.RoleSystemAdmin && !slices.Contains(granted, string(muster.PermManageSystem)) {
			return muster.InvalidParam("permissions")
		}
		role.Permissions = granted
		if err := tx.SaveRole(ctx, role); err != nil {
			return err
		}
		tx.Publish(muster.Event{Name: muster.EventRoleUpdated, Data: map[string]any{"role": core.JSONText(role)}})
		return tx.Audit(ctx, d.core.AuditSelf(who, "role="+role.Name))
	})
	if err != nil {
		return nil, err
	}
	return role, nil
}
