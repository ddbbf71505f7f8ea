package teams

import (
	"context"
	"strings"

	"muster"
)

// splitRoles turns role names into a membership's flags and the explicit rest. Kind Invalid for a name that no role
// has, for a built-in role of another scope (a team's member can't be made system_admin there), and for a list without
// the user's or guest's role.
func (t *Teams) splitRoles(ctx context.Context, roles, guest, user, admin string) (flags SchemeRoles, explicit string, err error) {
	if !muster.ValidRoleNames(roles) {
		return flags, "", muster.InvalidParam("roles")
	}
	if err := t.core.RequireRolesExist(ctx, roles); err != nil {
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
			role, err := t.core.RoleByName(ctx, name)
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
