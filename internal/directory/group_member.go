package directory

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// GroupMembers is the people of a group and how many they are in all.
type GroupMembers struct {
	Members []*muster.User `json:"members"`
	Count   int64          `json:"total_member_count"`
}

// GroupMembers returns a page of a group's active members. Kinds: Forbidden, NotFound.
func (d *Directory) GroupMembers(ctx context.Context, who *core.Caller, id string, page core.Page) (*GroupMembers, error) {
	if _, err := d.groupToRead(ctx, who, id); err != nil {
		return nil, err
	}
	viewer, err := d.core.Viewer(ctx, who)
	if err != nil {
		return nil, err
	}
	f := store.UserFilter{InGroup: id, Active: true, Viewer: viewer, Offset: page.Offset(), Limit: page.PerPage}
	users, err := d.store.ListUsers(ctx, f)
	if err != nil {
		return nil, err
	}
	if users, err = d.core.SanitizeForOthers(ctx, who, users); err != nil {
		return nil, err
	}
	n, err := d.store.CountUsers(ctx, f)
	return &GroupMembers{users, n}, err
}

// AddGroupMembers puts users in a group, all or none. Kinds: Invalid, Forbidden, NotFound.
func (d *Directory) AddGroupMembers(ctx context.Context, who *core.Caller, id string, userIDs []string) ([]*muster.GroupMember, error) {
	may, err := d.requireChangeGroupMembers(ctx, who, id, userIDs)
	if err != nil {
		return nil, err
	}
	var members []*muster.GroupMember
	err = d.store.WriteGrowing(ctx, func(tx *store.Tx) (err error) {
		if err := lockGroupMembers(ctx, tx, may, who, id); err != nil {
			return err
		}
		if members, err = tx.AddGroupMembers(ctx, id, userIDs); err != nil {
			return err
		}
		return tx.Audit(ctx, d.core.AuditSelf(who, "group_id="+id))
	})
	if err != nil {
		return nil, err
	}
	return members, nil
}

// RemoveGroupMembers takes users out of a group, all or none. Kinds: Invalid, Forbidden, NotFound.
func (d *Directory) RemoveGroupMembers(ctx context.Context, who *core.Caller, id string, userIDs []string) ([]*muster.GroupMember, error) {
	may, err := d.requireChangeGroupMembers(ctx, who, id, userIDs)
	if err != nil {
		return nil, err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		if err := lockGroupMembers(ctx, tx, may, who, id); err != nil {
			return err
		}
		if err := tx.RemoveGroupMembers(ctx, id, userIDs); err != nil {
			return core.Missing(err, muster.NotFound, noGroupMember)
		}
		return tx.Audit(ctx, d.core.AuditSelf(who, "group_id="+id))
	})
	if err != nil {
		return nil, err
	}
	now := d.core.Now()
	removed := make([]*muster.GroupMember, len(userIDs))
	for i, userID := range userIDs {
		removed[i] = &muster.GroupMember{GroupID: id, UserID: userID, DeleteAt: now}
	}
	return removed, nil
}

const noGroupMember = "app.group.member_missing"

// requireChangeGroupMembers holds that the caller may change who is in a group that is not archived, and returns what it may do in the places that the
// group is linked to.
func (d *Directory) requireChangeGroupMembers(ctx context.Context, who *core.Caller, id string, userIDs []string) (*core.Authority, error) {
	if len(userIDs) == 0 {
		return nil, muster.InvalidParam("user_ids")
	}
	if err := checkMemberIDs(userIDs); err != nil {
		return nil, err
	}
	g, err := d.groupToChange(ctx, who, id, muster.PermManageCustomGroupMembers)
	if err == nil && g.DeleteAt != 0 {
		err = muster.E(muster.NotFound, noGroup)
	}
	if err != nil {
		return nil, err
	}
	return d.core.Authority(ctx, who)
}

// lockGroupMembers locks a group, which may not be archived, and holds that the caller may change who is in it.
func lockGroupMembers(ctx context.Context, tx *store.Tx, may *core.Authority, who *core.Caller, id string) error {
	g, err := tx.GroupForUpdate(ctx, id)
	if err == nil && g.DeleteAt != 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return core.Missing(err, muster.NotFound, noGroup)
	}
	return requireManageLinked(ctx, tx, may, who, id)
}

func checkMemberIDs(ids []string) error {
	if len(ids) > muster.GroupMembersMax {
		return muster.InvalidParam("user_ids")
	}
	for _, id := range ids {
		if !muster.ValidID(id) {
			return muster.InvalidParam("user_ids")
		}
	}
	return nil
}

// GroupStats is how many active members a group has.
type GroupStats struct {
	GroupID          string `json:"group_id"`
	TotalMemberCount int64  `json:"total_member_count"`
}

// GroupStats counts a group's active members. Kinds: Forbidden, NotFound.
func (d *Directory) GroupStats(ctx context.Context, who *core.Caller, id string) (*GroupStats, error) {
	g, err := d.groupToRead(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return &GroupStats{id, int64(*g.MemberCount)}, nil
}
