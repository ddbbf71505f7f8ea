package accounts

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// DeleteUser deactivates an account or, permanently, removes it with everything that belongs to it.
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
		return err // a stolen session must not destroy the account with its audits
	}
	var audits []*muster.Audit
	if who.ID() != userID { // a deleted account keeps no audits
		audits = append(audits, a.core.AuditSelf(who, info))
	}
	return a.deletePermanently(ctx, u, audits...)
}

// deletePermanently removes an account with everything that belongs to it.
func (a *Accounts) deletePermanently(ctx context.Context, u *muster.User, audits ...*muster.Audit) error {
	blobs, err := a.files.BlobsOf(ctx, u.ID)
	if err != nil {
		return err
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.UserForUpdate(ctx, u.ID); err != nil {
			return core.MissingAccount(err)
		}
		if err := tx.RenewInvites(ctx, u.ID); err != nil {
			return err
		}
		if a.core.Config().ServiceSettings.DisableBotsWhenOwnerIsDeactivated {
			if err := tx.DisableBots(ctx, u.ID); err != nil {
				return err
			}
		}
		if err := tx.DeleteUser(ctx, u.ID); err != nil {
			return err
		}
		tx.Publish(activationChanged)
		return tx.Audit(ctx, audits...)
	})
	if err != nil {
		return err
	}
	a.files.DropPicture(ctx, u)
	a.files.DropBlobs(ctx, blobs...)
	return nil
}

// DeleteAllUsers removes every account with everything that belongs to it, in one transaction; the next account is the first again. It works over the
// local socket only: kind Unauthenticated from elsewhere.
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
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteAllUsers(ctx); err != nil {
			return err
		}
		tx.Publish(activationChanged)
		return tx.Audit(ctx, a.core.AuditSelf(who, ""))
	})
	if err != nil {
		return err
	}
	a.files.DropBlobs(ctx, blobs...)
	for _, u := range pictures {
		a.files.DropPicture(ctx, u)
	}
	return nil
}
