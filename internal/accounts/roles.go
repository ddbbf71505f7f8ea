package accounts

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// UpdateUserRoles sets an account's system roles to exactly these; its sessions carry them at once. Nobody grants a permission that they lack, nor takes
// roles from somebody above; and one administrator always stays.
func (a *Accounts) UpdateUserRoles(ctx context.Context, who *core.Caller, userID, roles string) error {
	if !muster.ValidRoleNames(roles) || len(roles) > muster.RolesMaxBytes || roles == muster.RoleSystemAdmin {
		return muster.InvalidParam("roles")
	}
	if err := a.core.RequireSystem(ctx, who, muster.PermManageRoles); err != nil {
		return err
	}
	if err := a.core.RequireRolesExist(ctx, roles); err != nil {
		return err
	}
	may, err := a.core.Authority(ctx, who)
	if err != nil {
		return err
	}
	_, _, err = a.core.ChangeUser(ctx, userID, may, func(tx *store.Tx, u *muster.User) error {
		if err := may.Grant(roles, u.Roles); err != nil {
			return err
		}
		u.Roles, u.UpdateAt = roles, a.core.Now()
		if err := a.validate(u); err != nil {
			return err
		}
		if err := tx.SetSessionRoles(ctx, userID, roles); err != nil {
			return err
		}
		tx.Publish(muster.Event{Name: muster.EventUserRoleUpdated, Data: map[string]any{"user_id": userID, "roles": roles}, Audience: muster.Audience{UserID: userID}})
		return tx.Audit(ctx, a.core.AuditSelf(who, fmt.Sprintf("user=%s roles=%s", userID, roles)))
	})
	if muster.IsKind(err, muster.NotFound) {
		return muster.E(muster.Invalid, "app.user.missing_account.const", err)
	}
	return err
}
