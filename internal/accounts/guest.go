package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// PromoteGuest makes a guest a full member, who joins its teams' default channels. Kinds: Forbidden, NotFound; Unimplemented when it is no guest.
func (a *Accounts) PromoteGuest(ctx context.Context, who *core.Caller, userID string) error {
	if err := a.core.RequireSystem(ctx, who, muster.PermPromoteGuest); err != nil {
		return err
	}
	u, err := a.core.User(ctx, userID)
	if err != nil {
		return err
	}
	if err := a.core.RequireActOn(ctx, who, u); err != nil {
		return err
	}
	if !u.IsGuest() {
		return muster.E(muster.Unimplemented, "api.user.promote_guest_to_user.no_guest.app_error")
	}
	return a.setGuest(ctx, who, userID, false)
}

// DemoteToGuest makes a member a guest: it keeps its memberships, loses every role, and sees only people it shares a channel with.
// Kinds: Forbidden, NotFound; Unimplemented when it is a guest or guests are turned off.
func (a *Accounts) DemoteToGuest(ctx context.Context, who *core.Caller, userID string) error {
	if err := a.core.RequireSystem(ctx, who, muster.PermDemoteToGuest); err != nil {
		return err
	}
	u, err := a.core.User(ctx, userID)
	if err != nil {
		return err
	}
	if err := a.core.RequireActOn(ctx, who, u); err != nil {
		return err
	}
	switch {
	case !a.core.Config().GuestAccountsSettings.Enable:
		return muster.E(muster.Unimplemented, "api.team.demote_user_to_guest.disabled.error")
	case u.IsGuest():
		return muster.E(muster.Unimplemented, "api.user.demote_user_to_guest.already_guest.app_error")
	case u.IsBot:
		return muster.InvalidURLParam("user_id")
	}
	return a.setGuest(ctx, who, userID, true)
}

// setGuest makes an account a guest or a full member, with all its memberships and sessions.
func (a *Accounts) setGuest(ctx context.Context, who *core.Caller, userID string, guest bool) error {
	role, channels := muster.RoleSystemUser, a.teams.DefaultChannels()
	if guest {
		role, channels = muster.RoleSystemGuest, nil
	}
	may, err := a.core.Authority(ctx, who)
	if err != nil {
		return err
	}
	_, _, err = a.core.ChangeUser(ctx, userID, may, func(tx *store.Tx, u *muster.User) error {
		if u.IsGuest() == guest || u.IsBot { // changed since it was checked
			return muster.InvalidURLParam("user_id")
		}
		if err := may.Grant(role, u.Roles); err != nil {
			return err
		}
		u.Roles, u.UpdateAt = role, tx.Now()
		if guest {
			if err := tx.RenewInvites(ctx, userID); err != nil {
				return err
			}
		}
		if err := tx.SetSessionsGuest(ctx, u); err != nil {
			return err
		}
		if err := a.setMembershipsGuest(ctx, tx, userID, guest, channels); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+userID))
	})
	return err
}

// setMembershipsGuest makes an account's memberships a guest's or a full member's, who joins its teams' channels of the names, and publishes them.
func (a *Accounts) setMembershipsGuest(ctx context.Context, tx *store.Tx, userID string, guest bool, join []string) error {
	if err := tx.SetMembershipsGuest(ctx, userID, guest); err != nil {
		return err
	}
	teams, err := tx.TeamMemberships(ctx, userID)
	if err != nil {
		return err
	}
	self := muster.Audience{UserID: userID}
	for _, m := range teams {
		if err := tx.JoinDefaultChannels(ctx, m, join); err != nil {
			return err
		}
		tx.Publish(muster.Event{Name: muster.EventMemberRoleUpdated, Data: map[string]any{"member": core.JSONText(m)}, Audience: self})
	}
	channels, err := tx.ChannelMemberships(ctx, userID)
	if err != nil {
		return err
	}
	for _, m := range channels {
		tx.Publish(muster.Event{Name: muster.EventChannelMemberUpdated, Data: map[string]any{"channelMember": core.JSONText(m)}, Audience: self})
	}
	return nil
}

// DeactivateGuests deactivates all guests, as follows when guest accounts are turned off.
func (a *Accounts) DeactivateGuests(ctx context.Context, who *core.Caller) error {
	ids, err := a.store.GuestIDs(ctx)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return nil
	}
	for _, id := range ids {
		if err := a.setActive(ctx, who, id, nil, false, "user_id="+id+" active=false"); err != nil && !muster.IsKind(err, muster.NotFound) {
			return err
		}
	}
	a.core.Publish(muster.EventGuestsDeactivated, nil, muster.Audience{})
	return nil
}
