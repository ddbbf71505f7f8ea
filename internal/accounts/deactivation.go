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
		return core.WithRefusalID(err, "api.user.update_active.permissions.app_error")
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
	return a.setActive(ctx, who, userID, may, active, fmt.Sprintf("user_id=%s active=%v", userID, active), activationChanged)
}

var activationChanged = muster.Event{Name: muster.EventUserActivationStatusChange}

// setActive deactivates an account or brings it back, in one transaction with all that follows: a deactivated one has no sessions, and its status is offline.
func (a *Accounts) setActive(ctx context.Context, who *core.Caller, userID string, may *core.Authority, active bool, info string, events ...muster.Event) error {
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
		for _, e := range events {
			tx.Publish(e)
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
		if err := tx.DisableBots(ctx, u.ID); err != nil {
			return err
		}
	}
	return a.directory.GoOffline(ctx, tx, u.ID)
}
