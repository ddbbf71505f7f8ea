package app

import (
	"context"
	"errors"

	"muster"
	"muster/internal/store"
)

const noGroup = "app.group.no_rows"

// group reads a group, archived or not; kind NotFound. While custom groups are turned off there are none.
func (a *App) group(ctx context.Context, id string) (*muster.Group, error) {
	err := error(store.ErrNotFound)
	var g *muster.Group
	if muster.ValidID(id) {
		g, err = a.store.Group(ctx, id)
	}
	if err == nil && !a.customGroups() && g.Source == muster.GroupSourceCustom {
		err = store.ErrNotFound
	}
	return g, missing(err, muster.NotFound, noGroup)
}

func (a *App) customGroups() bool { return a.Config().ServiceSettings.EnableCustomGroups }

// mayReadGroups holds who may see groups at all: not guests, who would learn names of people that they may not see.
func (a *App) mayReadGroups(ctx context.Context, who *Caller) error {
	return a.requireSystem(ctx, who, muster.PermViewMembers)
}

// groupToRead reads a group for the caller; a directory's takes the right to read the user management. Kinds: Forbidden, NotFound.
func (a *App) groupToRead(ctx context.Context, who *Caller, id string) (*muster.Group, error) {
	g, err := a.group(ctx, id)
	if err != nil {
		return nil, err
	}
	if g.Source != muster.GroupSourceCustom {
		if err := a.requireSystem(ctx, who, muster.PermReadUserManagementGroups); err != nil {
			return nil, err
		}
	}
	return g, a.mayReadGroups(ctx, who)
}

// CreateGroup makes a custom group with its first members. Kinds: Invalid, Forbidden, NotFound for an unknown member.
func (a *App) CreateGroup(ctx context.Context, who *Caller, in *muster.Group, userIDs []string) (*muster.Group, error) {
	if !a.customGroups() {
		return nil, muster.E(muster.Unimplemented, "api.custom_groups.feature_disabled")
	}
	if in.Source != muster.GroupSourceCustom {
		return nil, muster.E(muster.Invalid, "app.group.crud_permission")
	}
	if err := a.requireSystem(ctx, who, muster.PermCreateCustomGroup); err != nil {
		return nil, err
	}
	ids, err := memberIDs(userIDs)
	if err != nil {
		return nil, err
	}
	now := a.now()
	g := &muster.Group{ID: muster.NewID(), Source: muster.GroupSourceCustom, CreateAt: now, UpdateAt: now}
	g.Apply(&muster.GroupPatch{Name: in.Name, DisplayName: &in.DisplayName, Description: &in.Description, AllowReference: &in.AllowReference})
	if err := a.validGroup(ctx, g); err != nil {
		return nil, err
	}
	return a.store.CreateGroup(ctx, g, ids, a.auditSelf(who, "group_id="+g.ID))
}

// validGroup refuses a name that a user has too: both are mentioned by it.
func (a *App) validGroup(ctx context.Context, g *muster.Group) error {
	if err := g.Validate(); err != nil {
		return err
	}
	_, err := a.store.UserByUsername(ctx, *g.Name)
	if err == nil {
		return muster.E(muster.Invalid, "app.group.username_conflict", "Username", *g.Name).On("name")
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func memberIDs(ids []string) ([]string, error) {
	if len(ids) > muster.GroupMembersMax {
		return nil, muster.InvalidParam("user_ids")
	}
	for _, id := range ids {
		if !muster.ValidID(id) {
			return nil, muster.InvalidParam("user_ids")
		}
	}
	return ids, nil
}

// Group gives a group. Kinds: Forbidden, NotFound.
func (a *App) Group(ctx context.Context, who *Caller, id string) (*muster.Group, error) {
	return a.groupToRead(ctx, who, id)
}

// GroupQuery is the parameters of a list of groups.
type GroupQuery struct {
	Term                   string
	Member                 string
	InTeam, NotInTeam      string
	InChannel              string
	NotInChannel           string
	Source                 string
	AllowReference         bool
	Archived, OnlyArchived bool
	Page                   Page
}

// Groups gives a page of groups by display name. Kinds: Invalid, Forbidden.
func (a *App) Groups(ctx context.Context, who *Caller, q GroupQuery) ([]*muster.Group, error) {
	if err := a.mayReadGroups(ctx, who); err != nil {
		return nil, err
	}
	if !muster.ValidText(q.Term, searchTermMaxBytes) {
		return nil, muster.InvalidParam("q")
	}
	directories, err := a.canSystem(ctx, who, muster.PermReadUserManagementGroups)
	switch {
	case err != nil:
		return nil, err
	case q.Source == "" && !directories:
		q.Source = muster.GroupSourceCustom
	case q.Source == muster.GroupSourceLdap && !directories:
		return nil, refusal(muster.PermReadUserManagementGroups)
	}
	if err := a.mayReadLinks(ctx, who, q); err != nil {
		return nil, err
	}
	if !a.customGroups() {
		return []*muster.Group{}, nil
	}
	return a.store.Groups(ctx, store.GroupFilter{
		Term: q.Term, Member: q.Member, LinkedTeam: q.InTeam, LinkedChannel: q.InChannel, NotLinkedTeam: q.NotInTeam, NotLinkedChan: q.NotInChannel,
		Source: q.Source, AllowReference: q.AllowReference, Archived: q.Archived, OnlyArchived: q.OnlyArchived,
	}, q.Page.Offset(), q.Page.PerPage)
}

// mayReadLinks holds that the caller may know of the teams and channels that a list of groups is narrowed by.
func (a *App) mayReadLinks(ctx context.Context, who *Caller, q GroupQuery) error {
	for _, id := range []string{q.InTeam, q.NotInTeam} {
		if id != "" {
			if err := a.requireTeam(ctx, who, id, muster.PermViewTeam); err != nil {
				return err
			}
		}
	}
	for _, id := range []string{q.InChannel, q.NotInChannel} {
		if id != "" {
			if err := a.requireChannel(ctx, who, id, muster.PermReadChannel); err != nil {
				return err
			}
		}
	}
	return nil
}

// GroupsOfUser gives the groups that a user is in. Kinds: Forbidden.
func (a *App) GroupsOfUser(ctx context.Context, who *Caller, userID string) ([]*muster.Group, error) {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	return a.Groups(ctx, who, GroupQuery{Member: userID, Page: Page{PerPage: PerPageMax}})
}

// PatchGroup changes a group's own fields. Kinds: Invalid, Forbidden, NotFound.
func (a *App) PatchGroup(ctx context.Context, who *Caller, id string, p *muster.GroupPatch) (*muster.Group, error) {
	old, err := a.groupToChange(ctx, who, id, muster.PermEditCustomGroup)
	if err != nil {
		return nil, err
	}
	wanted := *old
	wanted.Apply(p)
	if *wanted.Name != *old.Name {
		// Not within the transaction: a look-up there would wait for a second connection while it holds one.
		if err := a.validGroup(ctx, &wanted); err != nil {
			return nil, err
		}
	}
	return a.updateGroup(ctx, who, id, nil, func(g *muster.Group) error {
		g.Apply(p)
		return g.Validate()
	})
}

// DeleteGroup archives a group.
func (a *App) DeleteGroup(ctx context.Context, who *Caller, id string) error {
	_, err := a.archiveGroup(ctx, who, id, muster.PermDeleteCustomGroup, func(g *muster.Group) error {
		if g.DeleteAt == 0 {
			g.DeleteAt = a.now()
		}
		return nil
	})
	return err
}

// RestoreGroup brings an archived group back.
func (a *App) RestoreGroup(ctx context.Context, who *Caller, id string) (*muster.Group, error) {
	return a.archiveGroup(ctx, who, id, muster.PermRestoreCustomGroup, func(g *muster.Group) error {
		g.DeleteAt = 0
		return nil
	})
}

// archiveGroup archives a group or brings it back, which takes its members the places that it is linked to, or gives them.
func (a *App) archiveGroup(ctx context.Context, who *Caller, id string, p muster.Permission, change func(*muster.Group) error) (*muster.Group, error) {
	if _, err := a.groupToChange(ctx, who, id, p); err != nil {
		return nil, err
	}
	guard, err := a.membershipGuard(ctx, who)
	if err != nil {
		return nil, err
	}
	return a.updateGroup(ctx, who, id, guard, change)
}

func (a *App) updateGroup(ctx context.Context, who *Caller, id string, guard *store.MembershipGuard, change func(*muster.Group) error) (*muster.Group, error) {
	g, err := a.store.UpdateGroup(ctx, id, guard, func(g *muster.Group) error {
		g.UpdateAt = a.now()
		return change(g)
	}, a.auditSelf(who, "group_id="+id))
	return g, missing(err, muster.NotFound, noGroup)
}

// groupToChange reads a custom group that the caller may change; a directory's group changes there.
func (a *App) groupToChange(ctx context.Context, who *Caller, id string, p muster.Permission) (*muster.Group, error) {
	g, err := a.groupToRead(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := a.requireSystem(ctx, who, p); err != nil {
		return nil, err
	}
	if g.Source != muster.GroupSourceCustom {
		return nil, muster.E(muster.Invalid, "app.group.crud_permission")
	}
	return g, nil
}

// GroupMembers is the people of a group and how many they are in all.
type GroupMembers struct {
	Members []*muster.User `json:"members"`
	Count   int64          `json:"total_member_count"`
}

// GroupMembers gives a page of a group's active members. Kinds: Forbidden, NotFound.
func (a *App) GroupMembers(ctx context.Context, who *Caller, id string, page Page) (*GroupMembers, error) {
	if _, err := a.groupToRead(ctx, who, id); err != nil {
		return nil, err
	}
	viewer, err := a.viewer(ctx, who)
	if err != nil {
		return nil, err
	}
	f := store.UserFilter{InGroup: id, Active: true, Viewer: viewer, Offset: page.Offset(), Limit: page.PerPage}
	users, err := a.store.ListUsers(ctx, f)
	if err != nil {
		return nil, err
	}
	if users, err = a.forOthers(ctx, who, users); err != nil {
		return nil, err
	}
	n, err := a.store.CountUsers(ctx, f)
	return &GroupMembers{users, n}, err
}

// AddGroupMembers puts users in a group, all or none. Kinds: Invalid, Forbidden, NotFound.
func (a *App) AddGroupMembers(ctx context.Context, who *Caller, id string, userIDs []string) ([]*muster.GroupMember, error) {
	ids, guard, err := a.membershipChange(ctx, who, id, userIDs)
	if err != nil {
		return nil, err
	}
	members, err := a.store.AddGroupMembers(ctx, id, ids, guard, a.auditSelf(who, "group_id="+id))
	return members, missing(err, muster.NotFound, noGroup)
}

// RemoveGroupMembers takes users out of a group, all or none. Kinds: Invalid, Forbidden, NotFound.
func (a *App) RemoveGroupMembers(ctx context.Context, who *Caller, id string, userIDs []string) ([]*muster.GroupMember, error) {
	ids, guard, err := a.membershipChange(ctx, who, id, userIDs)
	if err != nil {
		return nil, err
	}
	if err := a.store.RemoveGroupMembers(ctx, id, ids, guard, a.auditSelf(who, "group_id="+id)); err != nil {
		return nil, missing(err, muster.NotFound, "app.group.member_missing")
	}
	now := a.now()
	removed := make([]*muster.GroupMember, len(ids))
	for i, userID := range ids {
		removed[i] = &muster.GroupMember{GroupID: id, UserID: userID, DeleteAt: now}
	}
	return removed, nil
}

// membershipChange holds what is asked for, of a group that is not archived, and returns whose memberships it is about and what the store holds the
// change against.
func (a *App) membershipChange(ctx context.Context, who *Caller, id string, userIDs []string) (ids []string, guard *store.MembershipGuard, err error) {
	if len(userIDs) == 0 {
		return nil, nil, muster.InvalidParam("user_ids")
	}
	if ids, err = memberIDs(userIDs); err != nil {
		return nil, nil, err
	}
	g, err := a.groupToChange(ctx, who, id, muster.PermManageCustomGroupMembers)
	if err == nil && g.DeleteAt != 0 {
		err = muster.E(muster.NotFound, noGroup)
	}
	if err != nil {
		return nil, nil, err
	}
	guard, err = a.membershipGuard(ctx, who)
	return ids, guard, err
}

// GroupStats is how many active members a group has.
type GroupStats struct {
	GroupID          string `json:"group_id"`
	TotalMemberCount int64  `json:"total_member_count"`
}

// GroupStats counts a group's active members. Kinds: Forbidden, NotFound.
func (a *App) GroupStats(ctx context.Context, who *Caller, id string) (*GroupStats, error) {
	g, err := a.groupToRead(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return &GroupStats{id, int64(*g.MemberCount)}, nil
}
