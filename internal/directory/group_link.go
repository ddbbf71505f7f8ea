package directory

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// LinkGroup links a group to a team or channel; where that is group-constrained only linked groups' members may be added.
// Takes the right to manage it. Kinds: Invalid, Forbidden, NotFound.
func (d *Directory) LinkGroup(ctx context.Context, who *core.Caller, l *muster.GroupSyncable) (*muster.GroupSyncable, error) {
	if err := d.requireLink(ctx, who, l); err != nil {
		return nil, err
	}
	var link *muster.GroupSyncable
	err := d.store.Write(ctx, func(tx *store.Tx) (err error) {
		if _, err := tx.GroupForUpdate(ctx, l.GroupID); err != nil {
			return core.Missing(err, muster.NotFound, noGroup)
		}
		if link, err = tx.LinkGroup(ctx, l); err != nil {
			return err
		}
		return tx.Audit(ctx, d.core.AuditSelf(who, "group_id="+l.GroupID+" linked to "+l.TeamID+l.ChannelID))
	})
	if err != nil {
		return nil, err
	}
	return link, nil
}

// UnlinkGroup removes the link. Kinds: Forbidden, NotFound.
func (d *Directory) UnlinkGroup(ctx context.Context, who *core.Caller, l *muster.GroupSyncable) error {
	if err := d.requireLink(ctx, who, l); err != nil {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.GroupForUpdate(ctx, l.GroupID); err != nil {
			return core.Missing(err, muster.NotFound, noGroup)
		}
		if err := tx.UnlinkGroup(ctx, l.Type, l.GroupID, l.TeamID+l.ChannelID); err != nil {
			return core.Missing(err, muster.NotFound, noGroup)
		}
		return tx.Audit(ctx, d.core.AuditSelf(who, "group_id="+l.GroupID+" unlinked from "+l.TeamID+l.ChannelID))
	})
}

func (d *Directory) requireLink(ctx context.Context, who *core.Caller, l *muster.GroupSyncable) error {
	if _, err := d.groupToRead(ctx, who, l.GroupID); err != nil {
		return err
	}
	if l.Type == muster.SyncableTeam {
		if err := d.core.RequireTeam(ctx, who, l.TeamID, linkPermission(l.Type, "")); err != nil {
			return err
		}
		if l.SchemeAdmin { // whoever makes administrators must be allowed to
			if err := d.core.RequireTeam(ctx, who, l.TeamID, muster.PermManageTeamRoles); err != nil {
				return err
			}
		}
		_, err := d.teams.TeamByID(ctx, l.TeamID)
		return err
	}
	ch, err := d.teams.ChannelByID(ctx, l.ChannelID)
	if err != nil {
		return d.core.HideNotFound(ctx, who, err)
	}
	if ch.IsDirectOrGroup() {
		return muster.InvalidURLParam("channel_id")
	}
	if l.SchemeAdmin {
		if err := d.core.RequireChannel(ctx, who, l.ChannelID, muster.PermManageChannelRoles); err != nil {
			return err
		}
	}
	return d.core.RequireChannel(ctx, who, l.ChannelID, linkPermission(l.Type, ch.Type))
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

// requireManageLinked holds that the caller manages every place that a locked group is linked to: who belongs to the group may be added there.
func requireManageLinked(ctx context.Context, tx *store.Tx, may *core.Authority, who *core.Caller, groupID string) error {
	places, err := tx.LinkedPlaces(ctx, groupID, who.ID())
	if err != nil {
		return err
	}
	for _, place := range places {
		p := linkPermission(place.Kind, place.ChannelType)
		if !may.Held[p] && !may.Granted(place.Roles, p) {
			return core.Refusal(p)
		}
	}
	return nil
}

// GroupLinks returns the teams, or the channels, that a group is linked to. It takes the right to read user management, since they may be private.
func (d *Directory) GroupLinks(ctx context.Context, who *core.Caller, kind, id string) ([]*muster.GroupSyncable, error) {
	if err := d.core.RequireSystem(ctx, who, muster.PermReadUserManagementGroups); err != nil {
		return nil, err
	}
	if _, err := d.groupToRead(ctx, who, id); err != nil {
		return nil, err
	}
	return d.store.GroupLinks(ctx, kind, id)
}
