package directory

import (
	"context"
	"errors"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const noGroup = "app.group.no_rows"

// group reads a group, archived or not; kind NotFound. While custom groups are turned off there are none.
func (d *Directory) group(ctx context.Context, id string) (*muster.Group, error) {
	err := error(store.ErrNotFound)
	var g *muster.Group
	if muster.ValidID(id) {
		g, err = d.store.Group(ctx, id)
	}
	if err == nil && !d.customGroups() && g.Source == muster.GroupSourceCustom {
		err = store.ErrNotFound
	}
	return g, core.Missing(err, muster.NotFound, noGroup)
}

func (d *Directory) customGroups() bool { return d.core.Config().ServiceSettings.EnableCustomGroups }

// requireReadGroups holds who may see groups at all: not guests, who would learn names of people that they may not see.
func (d *Directory) requireReadGroups(ctx context.Context, who *core.Caller) error {
	return d.core.RequireSystem(ctx, who, muster.PermViewMembers)
}

// groupToRead reads a group for the caller; a directory's takes the right to read the user management. Kinds: Forbidden, NotFound.
func (d *Directory) groupToRead(ctx context.Context, who *core.Caller, id string) (*muster.Group, error) {
	g, err := d.group(ctx, id)
	if err != nil {
		return nil, err
	}
	if g.Source != muster.GroupSourceCustom {
		if err := d.core.RequireSystem(ctx, who, muster.PermReadUserManagementGroups); err != nil {
			return nil, err
		}
	}
	return g, d.requireReadGroups(ctx, who)
}

// CreateGroup makes a custom group with its first members. Kinds: Invalid, Forbidden, NotFound for an unknown member.
func (d *Directory) CreateGroup(ctx context.Context, who *core.Caller, in *muster.Group, userIDs []string) (*muster.Group, error) {
	if !d.customGroups() {
		return nil, muster.E(muster.Unimplemented, "api.custom_groups.feature_disabled")
	}
	if in.Source != muster.GroupSourceCustom {
		return nil, muster.E(muster.Invalid, "app.group.crud_permission")
	}
	if err := d.core.RequireSystem(ctx, who, muster.PermCreateCustomGroup); err != nil {
		return nil, err
	}
	if err := checkMemberIDs(userIDs); err != nil {
		return nil, err
	}
	now := d.core.Now()
	g := &muster.Group{ID: muster.NewID(), Source: muster.GroupSourceCustom, CreateAt: now, UpdateAt: now}
	g.Apply(&muster.GroupPatch{Name: in.Name, DisplayName: &in.DisplayName, Description: &in.Description, AllowReference: &in.AllowReference})
	if err := d.validGroup(ctx, g); err != nil {
		return nil, err
	}
	var created *muster.Group
	err := d.store.WriteGrowing(ctx, func(tx *store.Tx) (err error) {
		if err := tx.InsertGroup(ctx, g); err != nil {
			return err
		}
		if _, err := tx.AddGroupMembers(ctx, g.ID, userIDs); err != nil {
			return err
		}
		if created, err = tx.Group(ctx, g.ID); err != nil { // with the number of its members
			return err
		}
		return tx.Audit(ctx, d.core.AuditSelf(who, "group_id="+g.ID))
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

// validGroup refuses a name that a user has too: both are mentioned by it.
func (d *Directory) validGroup(ctx context.Context, g *muster.Group) error {
	if err := g.Validate(); err != nil {
		return err
	}
	_, err := d.store.UserByUsername(ctx, *g.Name)
	if err == nil {
		return muster.E(muster.Invalid, "app.group.username_conflict", "Username", *g.Name).On("name")
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// Group returns a group. Kinds: Forbidden, NotFound.
func (d *Directory) Group(ctx context.Context, who *core.Caller, id string) (*muster.Group, error) {
	return d.groupToRead(ctx, who, id)
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
	Page                   core.Page
}

// Groups returns a page of groups by display name. Kinds: Invalid, Forbidden.
func (d *Directory) Groups(ctx context.Context, who *core.Caller, q GroupQuery) ([]*muster.Group, error) {
	if err := d.requireReadGroups(ctx, who); err != nil {
		return nil, err
	}
	if !muster.ValidText(q.Term, searchTermMaxBytes) {
		return nil, muster.InvalidParam("q")
	}
	directories, err := d.core.CanSystem(ctx, who, muster.PermReadUserManagementGroups)
	switch {
	case err != nil:
		return nil, err
	case q.Source == "" && !directories:
		q.Source = muster.GroupSourceCustom
	case q.Source == muster.GroupSourceLdap && !directories:
		return nil, core.Refusal(muster.PermReadUserManagementGroups)
	}
	if err := d.requireReadLinks(ctx, who, q); err != nil {
		return nil, err
	}
	if !d.customGroups() {
		return []*muster.Group{}, nil
	}
	return d.store.Groups(ctx, store.GroupFilter{
		Term: q.Term, Member: q.Member, LinkedTeam: q.InTeam, LinkedChannel: q.InChannel, NotLinkedTeam: q.NotInTeam, NotLinkedChan: q.NotInChannel,
		Source: q.Source, AllowReference: q.AllowReference, Archived: q.Archived, OnlyArchived: q.OnlyArchived,
	}, q.Page.Offset(), q.Page.PerPage)
}

// requireReadLinks holds that the caller may know of the teams and channels that a list of groups is narrowed by.
func (d *Directory) requireReadLinks(ctx context.Context, who *core.Caller, q GroupQuery) error {
	for _, id := range []string{q.InTeam, q.NotInTeam} {
		if id != "" {
			if err := d.core.RequireTeam(ctx, who, id, muster.PermViewTeam); err != nil {
				return err
			}
		}
	}
	for _, id := range []string{q.InChannel, q.NotInChannel} {
		if id != "" {
			if err := d.core.RequireChannel(ctx, who, id, muster.PermReadChannel); err != nil {
				return err
			}
		}
	}
	return nil
}

// GroupsOfUser returns the groups that a user is in. Kinds: Forbidden.
func (d *Directory) GroupsOfUser(ctx context.Context, who *core.Caller, userID string) ([]*muster.Group, error) {
	if err := d.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	return d.Groups(ctx, who, GroupQuery{Member: userID, Page: core.Page{PerPage: core.PerPageMax}})
}

// PatchGroup changes a group's own fields. Kinds: Invalid, Forbidden, NotFound.
func (d *Directory) PatchGroup(ctx context.Context, who *core.Caller, id string, p *muster.GroupPatch) (*muster.Group, error) {
	old, err := d.groupToChange(ctx, who, id, muster.PermEditCustomGroup)
	if err != nil {
		return nil, err
	}
	wanted := *old
	wanted.Apply(p)
	if *wanted.Name != *old.Name {
		if err := d.validGroup(ctx, &wanted); err != nil {
			return nil, err
		}
	}
	return d.changeGroup(ctx, who, id, func(_ *store.Tx, g *muster.Group) error {
		g.Apply(p)
		return g.Validate()
	})
}

// DeleteGroup archives a group.
func (d *Directory) DeleteGroup(ctx context.Context, who *core.Caller, id string) error {
	_, err := d.archiveGroup(ctx, who, id, muster.PermDeleteCustomGroup, true)
	return err
}

// RestoreGroup brings an archived group back.
func (d *Directory) RestoreGroup(ctx context.Context, who *core.Caller, id string) (*muster.Group, error) {
	return d.archiveGroup(ctx, who, id, muster.PermRestoreCustomGroup, false)
}

// archiveGroup archives a group or restores it. The caller must manage the teams and channels that it is linked to, since an archived group no longer
// counts there.
func (d *Directory) archiveGroup(ctx context.Context, who *core.Caller, id string, p muster.Permission, archived bool) (*muster.Group, error) {
	if _, err := d.groupToChange(ctx, who, id, p); err != nil {
		return nil, err
	}
	may, err := d.core.Authority(ctx, who)
	if err != nil {
		return nil, err
	}
	return d.changeGroup(ctx, who, id, func(tx *store.Tx, g *muster.Group) error {
		if err := requireManageLinked(ctx, tx, may, who, id); err != nil {
			return err
		}
		switch {
		case !archived:
			g.DeleteAt = 0
		case g.DeleteAt == 0:
			g.DeleteAt = g.UpdateAt
		}
		return nil
	})
}

// changeGroup has change alter a group, with it locked, and saves it.
func (d *Directory) changeGroup(ctx context.Context, who *core.Caller, id string, change func(*store.Tx, *muster.Group) error) (*muster.Group, error) {
	var g *muster.Group
	err := d.store.Write(ctx, func(tx *store.Tx) (err error) {
		if g, err = tx.GroupForUpdate(ctx, id); err != nil {
			return core.Missing(err, muster.NotFound, noGroup)
		}
		g.UpdateAt = d.core.Now()
		if err := change(tx, g); err != nil {
			return err
		}
		if err := tx.SaveGroup(ctx, g); err != nil {
			return err
		}
		return tx.Audit(ctx, d.core.AuditSelf(who, "group_id="+id))
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// groupToChange reads a custom group that the caller may change; a directory's group changes there.
func (d *Directory) groupToChange(ctx context.Context, who *core.Caller, id string, p muster.Permission) (*muster.Group, error) {
	g, err := d.groupToRead(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := d.core.RequireSystem(ctx, who, p); err != nil {
		return nil, err
	}
	if g.Source != muster.GroupSourceCustom {
		return nil, muster.E(muster.Invalid, "app.group.crud_permission")
	}
	return g, nil
}
