package app

import (
	"context"
	"slices"
	"strings"

	"muster"
	"muster/internal/store"
)

// authority is what a caller holds, read once, to be held against accounts inside a transaction, where nothing else can be looked up.
// Whoever holds a permission that the caller lacks is above the caller (docs/adr/0020-acting-on-accounts.md).
type authority struct {
	callerID string
	all      bool // manage_system, which lets its holder grant itself everything
	held     map[muster.Permission]bool
	grants   map[string]map[muster.Permission]bool // by role
}

// authority reads the caller's roles as they are now, which may be later than when the request began. Roles that the caller has by belonging to a
// team or channel count besides where it is about that.
func (a *App) authority(ctx context.Context, who *Caller, membership ...string) (*authority, error) {
	_, grants, err := a.book(ctx)
	if err != nil {
		return nil, err
	}
	au := &authority{callerID: who.ID(), all: who.local(), held: map[muster.Permission]bool{}, grants: grants}
	roles := who.roles()
	if who.User != nil {
		u, err := a.user(ctx, who.ID())
		switch {
		case muster.IsKind(err, muster.NotFound), err == nil && u.DeleteAt != 0:
			return au, nil // the account went while it asked
		case err != nil:
			return nil, err
		}
		roles = u.Roles
	}
	for role := range strings.FieldsSeq(roles + " " + strings.Join(membership, " ")) {
		for p := range grants[role] {
			au.held[p] = true
		}
	}
	system, err := a.grants(ctx, roles, muster.PermManageSystem)
	if err != nil {
		return nil, err
	}
	au.all = au.all || system
	return au, nil
}

// granted reports whether one of the roles, separated by spaces, grants the permission.
func (au *authority) granted(roles string, p muster.Permission) bool {
	for role := range strings.FieldsSeq(roles) {
		if au.grants[role][p] {
			return true
		}
	}
	return false
}

// lacked returns the permissions that a role grants and the caller lacks.
func (au *authority) lacked(role string) []muster.Permission {
	var lacked []muster.Permission
	for p := range au.grants[role] {
		if !au.all && !au.held[p] {
			lacked = append(lacked, p)
		}
	}
	slices.Sort(lacked)
	return lacked
}

// actOn is the store.Guard of everything that one account does to another: it refuses what is done to somebody above the caller, or to the bot
// of somebody above. Oneself is never above oneself.
func (au *authority) actOn(u, owner *muster.User) error {
	if au.callerID == u.ID {
		return nil
	}
	if owner != nil && owner.ID != au.callerID {
		if err := au.grant(owner.Roles, ""); err != nil {
			return err
		}
	}
	return au.grant(u.Roles, "")
}

// grant refuses to give roles that carry a permission which the caller lacks; those that the account has already may stay.
func (au *authority) grant(roles, has string) error {
	for role := range strings.FieldsSeq(roles) {
		if lacked := au.lacked(role); len(lacked) > 0 && !muster.HasRole(has, role) {
			return refusal(lacked[0])
		}
	}
	return nil
}

// guard returns what the store holds userID against as it writes; nil for the caller's own account.
func (a *App) guard(ctx context.Context, who *Caller, userID string) (store.Guard, error) {
	if who.ID() == userID {
		return nil, nil
	}
	au, err := a.authority(ctx, who)
	if err != nil {
		return nil, err
	}
	return au.actOn, nil
}

// requireActOn refuses what the caller wants to do to, or to learn of, the account of somebody above; kind Forbidden. A use case that writes
// hands the store a guard as well, since the account may be promoted meanwhile.
func (a *App) requireActOn(ctx context.Context, who *Caller, u *muster.User) error {
	if who.ID() == u.ID {
		return nil
	}
	au, err := a.authority(ctx, who)
	if err != nil {
		return err
	}
	owner, err := a.ownerOf(ctx, u)
	if err != nil {
		return err
	}
	return au.actOn(u, owner)
}

// ownerOf returns the account that a bot belongs to; nil for people, and for a bot that is its own or belongs to no account.
func (a *App) ownerOf(ctx context.Context, u *muster.User) (*muster.User, error) {
	if !u.IsBot {
		return nil, nil
	}
	b, err := a.store.Bot(ctx, u.ID)
	if err != nil {
		return nil, missing(err, muster.NotFound, noBot)
	}
	if b.OwnerID == u.ID {
		return nil, nil
	}
	owner, err := a.user(ctx, b.OwnerID)
	if muster.IsKind(err, muster.NotFound) {
		return nil, nil
	}
	return owner, err
}
