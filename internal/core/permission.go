package core

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"muster"
	"muster/internal/store"
)

// roleCache holds all roles by name. They are read when they are needed first, and again after a change.
type roleCache struct {
	mu    sync.Mutex
	roles map[string]*muster.Role // nil: to be read
	may   map[string]map[muster.Permission]bool
}

// RolesByName returns all roles, and the permissions that they grant, by role name. Neither must be changed.
func (c *Core) RolesByName(ctx context.Context) (roles map[string]*muster.Role, may map[string]map[muster.Permission]bool, err error) {
	b := &c.roles
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.roles != nil {
		return b.roles, b.may, nil
	}
	list, err := c.store.Roles(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read roles: %w", err)
	}
	roles, may = make(map[string]*muster.Role, len(list)), make(map[string]map[muster.Permission]bool, len(list))
	for _, r := range list {
		roles[r.Name] = r
		set := make(map[muster.Permission]bool, len(r.Permissions))
		for _, p := range r.Permissions {
			set[muster.Permission(p)] = true
		}
		may[r.Name] = set
	}
	b.roles, b.may = roles, may
	return roles, may, nil
}

// forget makes the next reader read the roles again.
func (b *roleCache) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roles = nil
}

// Grants reports whether any of the roles, separated by spaces, grants the permission.
func (c *Core) Grants(ctx context.Context, roles string, p muster.Permission) (bool, error) {
	_, may, err := c.RolesByName(ctx)
	if err != nil {
		return false, err
	}
	for r := range strings.FieldsSeq(roles) {
		if may[r][p] {
			return true, nil
		}
	}
	return false, nil
}

// Refusal returns the error for a caller who lacks a permission; kind Forbidden.
func Refusal(p muster.Permission) error {
	return muster.E(muster.Forbidden, "api.context.permissions.app_error", "Permission", string(p))
}

// Each Can method reports whether the caller holds a permission; its error says that this could not be looked up. Each Require method returns an error
// unless the caller holds it: kind Forbidden, with the permission's name, or why it could not be looked up.

// CanSystem reports whether the caller's own roles grant the permission.
func (c *Core) CanSystem(ctx context.Context, who *Caller, p muster.Permission) (bool, error) {
	return c.Grants(ctx, who.Roles(), p)
}

// RequireSystem refuses a caller whose own roles don't grant the permission.
func (c *Core) RequireSystem(ctx context.Context, who *Caller, p muster.Permission) error {
	ok, err := c.CanSystem(ctx, who, p)
	return RequireGranted(ok, err, p)
}

// RequireGranted turns what a Can method returned for a permission into what a Require method returns.
func RequireGranted(ok bool, err error, p muster.Permission) error {
	if err != nil || ok {
		return err
	}
	return Refusal(p)
}

// CanTeam reports whether the caller's own roles or its membership in the team grant the permission.
func (c *Core) CanTeam(ctx context.Context, who *Caller, teamID string, p muster.Permission) (bool, error) {
	ok, err := c.CanSystem(ctx, who, p)
	if ok || err != nil || !muster.ValidID(teamID) {
		return ok, err
	}
	roles, err := c.store.TeamRolesOf(ctx, teamID, who.ID())
	if err != nil {
		return false, fmt.Errorf("read membership: %w", err)
	}
	return c.Grants(ctx, roles, p)
}

// RequireTeam refuses a caller whose roles in the system and in the team don't grant the permission.
func (c *Core) RequireTeam(ctx context.Context, who *Caller, teamID string, p muster.Permission) error {
	ok, err := c.CanTeam(ctx, who, teamID, p)
	return RequireGranted(ok, err, p)
}

// CanChannel reports whether the caller's own roles or its membership in the channel or in the channel's team grant the permission.
func (c *Core) CanChannel(ctx context.Context, who *Caller, channelID string, p muster.Permission) (bool, error) {
	ok, err := c.CanSystem(ctx, who, p)
	if ok || err != nil || !muster.ValidID(channelID) {
		return ok, err
	}
	roles, teamID, err := c.store.ChannelRolesOf(ctx, channelID, who.ID())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read membership: %w", err)
	}
	if ok, err = c.Grants(ctx, roles, p); ok || err != nil || teamID == "" {
		return ok, err
	}
	return c.CanTeam(ctx, who, teamID, p)
}

// RequireChannel refuses a caller whose roles in the system, the channel and its team don't grant the permission.
func (c *Core) RequireChannel(ctx context.Context, who *Caller, channelID string, p muster.Permission) error {
	ok, err := c.CanChannel(ctx, who, channelID, p)
	return RequireGranted(ok, err, p)
}

// WithRefusalID returns an error of kind Forbidden with another id, and any other error as it is.
func WithRefusalID(err error, id string) error {
	if muster.IsKind(err, muster.Forbidden) {
		return muster.E(muster.Forbidden, id, err)
	}
	return err
}

// RequireRolesExist refuses role names, separated by spaces, of which one does not exist; kind Invalid.
func (c *Core) RequireRolesExist(ctx context.Context, names string) error {
	roles, _, err := c.RolesByName(ctx)
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(names) {
		if roles[name] == nil {
			return muster.E(muster.Invalid, "app.role.check_roles_exist.role_not_found", "Name", name)
		}
	}
	return nil
}
