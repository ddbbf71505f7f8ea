package app

import (
	"context"

	"muster"
)

// PromoteGuest makes a guest a full member, who joins its teams' default channels. Kinds: Forbidden, NotFound; Unimplemented when it is no guest.
func (a *App) PromoteGuest(ctx context.Context, who *Caller, userID string) error {
	if err := a.requireSystem(ctx, who, muster.PermPromoteGuest); err != nil {
		return err
	}
	u, err := a.user(ctx, userID)
	if err != nil {
		return err
	}
	if err := a.requireActOn(ctx, who, u); err != nil {
		return err
	}
	if !u.IsGuest() {
		return muster.E(muster.Unimplemented, "api.user.promote_guest_to_user.no_guest.app_error")
	}
	return a.setGuest(ctx, who, userID, false)
}

// DemoteToGuest makes a member a guest: it keeps its memberships, loses every role, and sees only people it shares a channel with.
// Kinds: Forbidden, NotFound; Unimplemented when it is a guest or guests are turned off.
func (a *App) DemoteToGuest(ctx context.Context, who *Caller, userID string) error {
	if err := a.requireSystem(ctx, who, muster.PermDemoteToGuest); err != nil {
		return err
	}
	u, err := a.user(ctx, userID)
	if err != nil {
		return err
	}
	if err := a.requireActOn(ctx, who, u); err != nil {
		return err
	}
	switch {
	case !a.Config().GuestAccountsSettings.Enable:
		return muster.E(muster.Unimplemented, "api.team.demote_user_to_guest.disabled.error")
	case u.IsGuest():
		return muster.E(muster.Unimplemented, "api.user.demote_user_to_guest.already_guest.app_error")
	case u.IsBot:
		return muster.InvalidURLParam("user_id")
	}
	return a.setGuest(ctx, who, userID, true)
}

func (a *App) setGuest(ctx context.Context, who *Caller, userID string, guest bool) error {
	role, join := muster.RoleSystemUser, a.defaultChannels()
	if guest {
		role, join = muster.RoleSystemGuest, nil
	}
	au, err := a.authority(ctx, who)
	if err != nil {
		return err
	}
	u, teams, channels, err := a.store.SetGuest(ctx, userID, au.actOn, guest, join, func(u *muster.User) error {
		// What was checked on the way here may have changed meanwhile.
		if u.IsGuest() == guest || u.IsBot {
			return muster.InvalidURLParam("user_id")
		}
		if err := au.grant(role, u.Roles); err != nil {
			return err
		}
		u.Roles = role
		return nil
	}, a.auditSelf(who, "user_id="+userID))
	a.cache.forget(userID)
	if err != nil {
		return missingAccount(err)
	}
	a.publishUserUpdated(u)
	for _, m := range teams {
		a.publish(muster.EventMemberRoleUpdated, map[string]any{"member": jsonText(m)}, muster.Audience{UserID: userID})
	}
	for _, m := range channels {
		a.publish(muster.EventChannelMemberUpdated, map[string]any{"channelMember": jsonText(m)}, muster.Audience{UserID: userID})
	}
	return nil
}

// deactivateGuests follows the turning off of guests: none of them may stay signed in.
func (a *App) deactivateGuests(ctx context.Context, who *Caller) error {
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
	a.publish(muster.EventGuestsDeactivated, nil, muster.Audience{})
	return nil
}
