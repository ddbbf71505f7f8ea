package app

import (
	"context"

	"muster"
	"muster/internal/store"
)

// LinkGroup ties a group to a team or channel; where that is group-constrained only linked groups' members may be added.
// Takes the right to manage it. Kinds: Invalid, Forbidden, NotFound.
func (a *App) LinkGroup(ctx context.Context, who *Caller, l *muster.GroupSyncable) (*muster.GroupSyncable, error) {
	if err := a.mayLink(ctx, who, l); err != nil {
		return nil, err
	}
	link, err := a.store.LinkGroup(ctx, l, a.auditSelf(who, "group_id="+l.GroupID+" linked to "+l.TeamID+l.ChannelID))
	return link, missing(err, muster.NotFound, noGroup)
}

// UnlinkGroup unties it. Kinds: Forbidden, NotFound.
func (a *App) UnlinkGroup(ctx context.Context, who *Caller, l *muster.GroupSyncable) error {
	if err := a.mayLink(ctx, who, l); err != nil {
		return err
	}
	err := a.store.UnlinkGroup(ctx, l.Type, l.GroupID, l.TeamID+l.ChannelID, a.auditSelf(who, "group_id="+l.GroupID+" unlinked from "+l.TeamID+l.ChannelID))
	return missing(err, muster.NotFound, noGroup)
}

func (a *App) mayLink(ctx context.Context, who *Caller, l *muster.GroupSyncable) error {
	if _, err := a.groupToRead(ctx, who, l.GroupID); err != nil {
		return err
	}
	if l.Type == muster.SyncableTeam {
		if err := a.requireTeam(ctx, who, l.TeamID, linkPermission(l.Type, "")); err != nil {
			return err
		}
		if l.SchemeAdmin { // whoever makes administrators must be allowed to
			if err := a.requireTeam(ctx, who, l.TeamID, muster.PermManageTeamRoles); err != nil {
				return err
			}
		}
		_, err := a.team(ctx, l.TeamID)
		return err
	}
	ch, err := a.channel(ctx, l.ChannelID)
	if err != nil {
		return a.hideMissing(ctx, who, err)
	}
	if ch.IsDirectOrGroup() {
		return muster.InvalidURLParam("channel_id")
	}
	if l.SchemeAdmin {
		if err := a.requireChannel(ctx, who, l.ChannelID, muster.PermManageChannelRoles); err != nil {
			return err
		}
	}
	return a.requireChannel(ctx, who, l.ChannelID, linkPermission(l.Type, ch.Type))
}

// linkPermission is what it takes in a team or channel to link a group to it, and then to change who belongs to the group.
func linkPermission(kind, channelType string) muster.Permission {
	switch {
	case kind == muster.SyncableTeam:
		return muster.PermManageTeam
	case channelType == muster.ChannelPrivate:
		return muster.PermManagePrivateChannelMembers
	}
	return muster.PermManagePublicChannelMembers
}

// membershipGuard keeps who belongs to a linked group to people who manage every place that it is linked to: its members may be added there.
func (a *App) membershipGuard(ctx context.Context, who *Caller) (*store.MembershipGuard, error) {
	au, err := a.authority(ctx, who)
	if err != nil {
		return nil, err
	}
	return &store.MembershipGuard{UserID: who.ID(), Check: func(places []store.LinkedPlace) error {
		for _, place := range places {
			p := linkPermission(place.Kind, place.ChannelType)
			if !au.held[p] && !au.granted(place.Roles, p) {
				return refusal(p)
			}
		}
		return nil
	}}, nil
}

// GroupLinks returns the teams, or the channels, that a group is linked to. It takes the right to read user management, since they may be private.
func (a *App) GroupLinks(ctx context.Context, who *Caller, kind, id string) ([]*muster.GroupSyncable, error) {
	if err := a.requireSystem(ctx, who, muster.PermReadUserManagementGroups); err != nil {
		return nil, err
	}
	if _, err := a.groupToRead(ctx, who, id); err != nil {
		return nil, err
	}
	return a.store.GroupLinks(ctx, kind, id)
}
