package accounts

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// UpdateUserActive deactivates an account, ending its sessions at once, or brings it back.
// The last active administrator can't be deactivated. Kinds: Invalid, Unauthenticated, Forbidden, NotFound.
func (a *Accounts) UpdateUserActive(ctx context.Context, who *core.Caller, userID string, active bool) error {
	if who.ID() == userID && !active {
		if !a.core.Config().TeamSettings.EnableUserDeactivation {
			return muster.E(muster.Unauthenticated, "api.user.update_active.not_enable.app_error")
		}
		if err := a.auth.RequireFresh(who); err != nil {
			return err
		}
	} else if err := a.core.RequireSystem(ctx, who, muster.PermWriteUserManagementUsers); err != nil {
		return core.RefusedAs(err, "api.user.update_active.permissions.app_error")
	}
	u, err := a.core.User(ctx, userID)
	if err != nil {
		return err
	}
	if err := a.core.RequireActOn(ctx, who, u); err != nil {
		return err
	}
	if active && u.IsGuest() && !a.core.Config().GuestAccountsSettings.Enable {
		return muster.E(muster.Unauthenticated, "api.user.update_active.cannot_enable_guest_when_guest_feature_is_disabled.app_error")
	}
	may, err := a.core.AuthorityOver(ctx, who, userID)
	if err != nil {
		return err
	}
	if err := a.setActive(ctx, who, userID, may, active, fmt.Sprintf("user_id=%s active=%v", userID, active)); err != nil {
		return err
	}
	a.core.Publish(muster.EventUserActivationStatusChange, nil, muster.Audience{})
	return nil
}

// setActive deactivates an account or brings it back, in one transaction with all that follows: a deactivated one has no sessions, and its status is offline.
func (a *Accounts) setActive(ctx context.Context, who *core.Caller, userID string, may *core.Authority, active bool, info string) error {
	_, _, err := a.core.ChangeUser(ctx, userID, may, func(tx *store.Tx, u *muster.User) error {
		was := u.DeleteAt
		u.UpdateAt = a.core.Now()
		u.DeleteAt = 0
		if !active {
			u.DeleteAt = u.UpdateAt
			if err := a.endAccess(ctx, tx, who, u); err != nil {
				return err
			}
			if was == 0 {
				if err := tx.Enqueue(ctx, a.mailer.Notification(u, a.mailer.DeactivatedMessage(u, who))...); err != nil {
					return err
				}
			}
		}
		return tx.Audit(ctx, a.core.Audit(who, who.ID(), info))
	})
	return err
}

// endAccess ends what a deactivated account could still get in by.
func (a *Accounts) endAccess(ctx context.Context, tx *store.Tx, who *core.Caller, u *muster.User) error {
	if err := tx.EndSessions(ctx, u.ID, ""); err != nil {
		return err
	}
	if who.ID() != u.ID { // who leaves may come back by an invite link that they know
		if err := tx.RenewInvites(ctx, u.ID); err != nil {
			return err
		}
	}
	if a.core.Config().ServiceSettings.DisableBotsWhenOwnerIsDeactivated {
		if _, err := tx.DisableBots(ctx, u.ID); err != nil {
			return err
		}
	}
	return a.directory.GoOffline(ctx, tx, u.ID)
}

// DeleteUser deactivates an account or, permanently, removes it with all that hangs on it.
// Kinds: Invalid, Unauthenticated, Forbidden, NotFound.
func (a *Accounts) DeleteUser(ctx context.Context, who *core.Caller, userID string, permanent bool) error {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return err
	}
	c := a.core.Config()
	if who.ID() == userID && !c.TeamSettings.EnableUserDeactivation {
		admin, err := a.core.CanSystem(ctx, who, muster.PermManageSystem)
		if err != nil {
			return err
		}
		if !admin {
			return muster.E(muster.Unauthenticated, "api.user.update_active.not_enable.app_error")
		}
	}
	if err := a.auth.RequireFreshFor(who, userID); err != nil {
		return err
	}
	u, err := a.core.User(ctx, userID)
	if err != nil {
		return err
	}
	info := fmt.Sprintf("user_id=%s permanent=%v", userID, permanent)
	if !permanent {
		may, err := a.core.AuthorityOver(ctx, who, userID)
		if err != nil {
			return err
		}
		return a.setActive(ctx, who, userID, may, false, info)
	}
	if !c.ServiceSettings.EnableAPIUserDeletion {
		return muster.E(muster.Unauthenticated, "api.user.delete_user.not_enabled.app_error")
	}
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return err // a stolen session must not destroy the account with its history
	}
	var audits []*muster.Audit
	if who.ID() != userID { // a deleted account keeps no history
		audits = append(audits, a.core.AuditSelf(who, info))
	}
	return a.deletePermanently(ctx, u, audits...)
}

// deletePermanently removes an account with all that hangs on it.
func (a *Accounts) deletePermanently(ctx context.Context, u *muster.User, audits ...*muster.Audit) error {
	blobs, err := a.files.BlobsOf(ctx, u.ID)
	if err != nil {
		return err
	}
	bots, err := a.store.DeleteUser(ctx, u.ID, a.core.Config().ServiceSettings.DisableBotsWhenOwnerIsDeactivated, audits...)
	a.core.Cache.Forget(append(bots, u.ID)...)
	if err != nil {
		return core.MissingAccount(err)
	}
	a.files.DropPicture(ctx, u)
	a.files.DropBlobs(ctx, blobs...)
	a.core.Publish(muster.EventUserActivationStatusChange, nil, muster.Audience{})
	return nil
}

// DeleteAllUsers removes every account with all that hangs on it, at once; the next account is the first again. For the local socket alone:
// kind Unauthenticated from elsewhere.
func (a *Accounts) DeleteAllUsers(ctx context.Context, who *core.Caller) error {
	if !who.Local() {
		return muster.E(muster.Unauthenticated, "api.context.local_origin_required.app_error")
	}
	blobs, err := a.files.BlobsOf(ctx, "")
	if err != nil {
		return err
	}
	pictures, err := a.store.Pictures(ctx)
	if err != nil {
		return err
	}
	err = a.store.DeleteAllUsers(ctx, a.core.AuditSelf(who, ""))
	a.core.Cache.ForgetAll()
	if err != nil {
		return err
	}
	a.files.DropBlobs(ctx, blobs...)
	for _, u := range pictures {
		a.files.DropPicture(ctx, u)
	}
	a.core.Publish(muster.EventUserActivationStatusChange, nil, muster.Audience{})
	return nil
}

// UpdateUserRoles sets an account's system roles to exactly these; its sessions carry them at once. Nobody grants a permission that they lack, nor takes
// roles from somebody above; and one administrator always stays.
func (a *Accounts) UpdateUserRoles(ctx context.Context, who *core.Caller, userID, roles string) error {
	if !muster.ValidRoleNames(roles) || len(roles) > muster.RolesMaxBytes || roles == muster.RoleSystemAdmin {
		return muster.InvalidParam("roles")
	}
	if err := a.core.RequireSystem(ctx, who, muster.PermManageRoles); err != nil {
		return err
	}
	if err := a.core.CheckRolesExist(ctx, roles); err != nil {
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
