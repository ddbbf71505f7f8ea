package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
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

func (a *Accounts) setGuest(ctx context.Context, who *core.Caller, userID string, guest bool) error {
	role, join := muster.RoleSystemUser, a.teams.DefaultChannels()
	if guest {
		role, join = muster.RoleSystemGuest, nil
	}
	au, err := a.core.Authority(ctx, who)
	if err != nil {
		return err
	}
	u, teams, channels, err := a.store.SetGuest(ctx, userID, au.ActOn, guest, join, func(u *muster.User) error {
		// What was checked on the way here may have changed meanwhile.
		if u.IsGuest() == guest || u.IsBot {
			return muster.InvalidURLParam("user_id")
		}
		if err := au.Grant(role, u.Roles); err != nil {
			return err
		}
		u.Roles = role
		return nil
	}, a.core.AuditSelf(who, "user_id="+userID))
	a.core.Cache.Forget(userID)
	if err != nil {
		return core.MissingAccount(err)
	}
	a.core.PublishUserUpdated(u)
	for _, m := range teams {
		a.core.Publish(muster.EventMemberRoleUpdated, map[string]any{"member": core.JsonText(m)}, muster.Audience{UserID: userID})
	}
	for _, m := range channels {
		a.core.Publish(muster.EventChannelMemberUpdated, map[string]any{"channelMember": core.JsonText(m)}, muster.Audience{UserID: userID})
	}
	return nil
}

// DeactivateGuests follows the turning off of guests: none of them may stay signed in.
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
