package app

import (
	"context"
	"slices"
	"strings"

	"muster"
)

// splitRoles turns role names into a membership's flags and the explicit rest. Kind Invalid for a name that no role
// has, for a built-in role of another scope (a team's member can't be made system_admin there), and for a list without
// the user's or guest's role.
func (a *App) splitRoles(ctx context.Context, roles, guest, user, admin string) (flags SchemeRoles, explicit string, err error) {
	if !muster.ValidRoleNames(roles) {
		return flags, "", muster.InvalidParam("roles")
	}
	if err := a.checkRolesExist(ctx, roles); err != nil {
		return flags, "", err
	}
	var rest []string
	for name := range strings.FieldsSeq(roles) {
		switch name {
		case guest:
			flags.Guest = true
		case user:
			flags.User = true
		case admin:
			flags.Admin = true
		default:
			scope, _, _ := strings.Cut(user, "_")
			role, err := a.RoleByName(ctx, name)
			if err != nil {
				return flags, "", err
			}
			if role.BuiltIn && !strings.HasPrefix(name, scope+"_") {
				return flags, "", muster.InvalidParam("roles")
			}
			rest = append(rest, name)
		}
	}
	if flags.check() != nil {
		return flags, "", muster.InvalidParam("roles")
	}
	return flags, strings.Join(rest, " "), nil
}

// narrowed drops what is about people that a restricted caller may not see.
func narrowed[T any](ctx context.Context, a *App, who *Caller, list []T, userID func(T) string) ([]T, error) {
	viewer, err := a.viewer(ctx, who)
	if err != nil || viewer == "" {
		return list, err
	}
	ids := make([]string, len(list))
	for i, v := range list {
		ids[i] = userID(v)
	}
	users, err := a.store.UsersByIDs(ctx, ids, 0, viewer)
	if err != nil {
		return nil, err
	}
	visible := make(map[string]bool, len(users))
	for _, u := range users {
		visible[u.ID] = true
	}
	return slices.DeleteFunc(list, func(v T) bool { return !visible[userID(v)] }), nil
}
