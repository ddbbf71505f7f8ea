package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"muster"
	"muster/internal/store"
)

// roleBook is every role by name, read once and again after a change.
type roleBook struct {
	mu    sync.Mutex
	roles map[string]*muster.Role // nil: to be read
	may   map[string]map[muster.Permission]bool
}

// book gives the roles. They must not be changed.
func (a *App) book(ctx context.Context) (roles map[string]*muster.Role, may map[string]map[muster.Permission]bool, err error) {
	b := &a.roles
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.roles != nil {
		return b.roles, b.may, nil
	}
	list, err := a.store.Roles(ctx)
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

// forget makes the next reader read the roles again. Call it after the commit and before the answer.
func (b *roleBook) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roles = nil
}

// grants tells whether any of the roles, separated by blanks, carries the permission.
func (a *App) grants(ctx context.Context, roles string, p muster.Permission) (bool, error) {
	_, may, err := a.book(ctx)
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

// refusal is what a caller is told who lacks a permission.
func refusal(p muster.Permission) error {
	return muster.E(muster.Forbidden, "api.context.permissions.app_error", "Permission", string(p))
}

// Each can... reports whether the caller holds a permission; its error is a failed look-up and says nothing about that. Each require...
// is for a caller that must hold it: kind Forbidden, naming the permission, or the failed look-up.

// canSystem reports whether the caller's own roles grant the permission.
func (a *App) canSystem(ctx context.Context, who *Caller, p muster.Permission) (bool, error) {
	return a.grants(ctx, who.roles(), p)
}

func (a *App) requireSystem(ctx context.Context, who *Caller, p muster.Permission) error {
	ok, err := a.canSystem(ctx, who, p)
	return required(ok, err, p)
}

func required(ok bool, err error, p muster.Permission) error {
	if err != nil || ok {
		return err
	}
	return refusal(p)
}

// roles are the caller's system roles as they are now.
func (c *Caller) roles() string {
	switch {
	case c.Session == nil:
		return ""
	case c.Session.Local:
		return muster.RoleSystemAdmin
	case c.User == nil:
		return c.Session.Roles
	}
	return c.User.Roles
}

// canTeam reports whether the caller's own roles or its membership in the team grant the permission.
func (a *App) canTeam(ctx context.Context, who *Caller, teamID string, p muster.Permission) (bool, error) {
	ok, err := a.canSystem(ctx, who, p)
	if ok || err != nil || !muster.ValidID(teamID) {
		return ok, err
	}
	roles, err := a.store.TeamRolesOf(ctx, teamID, who.ID())
	if err != nil {
		return false, fmt.Errorf("read membership: %w", err)
	}
	return a.grants(ctx, roles, p)
}

func (a *App) requireTeam(ctx context.Context, who *Caller, teamID string, p muster.Permission) error {
	ok, err := a.canTeam(ctx, who, teamID, p)
	return required(ok, err, p)
}

// canChannel reports whether the caller's own roles or its membership in the channel or in the channel's team grant the permission.
func (a *App) canChannel(ctx context.Context, who *Caller, channelID string, p muster.Permission) (bool, error) {
	ok, err := a.canSystem(ctx, who, p)
	if ok || err != nil || !muster.ValidID(channelID) {
		return ok, err
	}
	roles, teamID, err := a.store.ChannelRolesOf(ctx, channelID, who.ID())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read membership: %w", err)
	}
	if ok, err = a.grants(ctx, roles, p); ok || err != nil || teamID == "" {
		return ok, err
	}
	return a.canTeam(ctx, who, teamID, p)
}

func (a *App) requireChannel(ctx context.Context, who *Caller, channelID string, p muster.Permission) error {
	ok, err := a.canChannel(ctx, who, channelID, p)
	return required(ok, err, p)
}

// refusedAs returns a refusal for want of a permission under an id of its own, and any other error as it is: a failed look-up is no refusal.
func refusedAs(err error, id string) error {
	if muster.IsKind(err, muster.Forbidden) {
		return muster.E(muster.Forbidden, id, err)
	}
	return err
}
