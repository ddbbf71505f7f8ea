package core

import (
	"context"
	"errors"
	"slices"
	"strings"

	"muster"
	"muster/internal/store"
)

// Authority holds a caller's permissions, read once, for decisions about accounts inside a transaction, where nothing else can be looked up.
// An account with a permission that the caller lacks is above the caller (docs/adr/0020-acting-on-accounts.md).
type Authority struct {
	callerID string
	all      bool // manage_system, which lets its holder grant itself everything
	Held     map[muster.Permission]bool
	grants   map[string]map[muster.Permission]bool // by role
}

// Authority reads the caller's roles as they are now, which may be later than when the request began. Roles that the caller has by belonging to a
// team or channel count besides where it is about that.
func (c *Core) Authority(ctx context.Context, who *Caller, membership ...string) (*Authority, error) {
	_, grants, err := c.RolesByName(ctx)
	if err != nil {
		return nil, err
	}
	au := &Authority{callerID: who.ID(), all: who.Local(), Held: map[muster.Permission]bool{}, grants: grants}
	roles := who.Roles()
	if who.User != nil {
		u, err := c.User(ctx, who.ID())
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
			au.Held[p] = true
		}
	}
	system, err := c.Grants(ctx, roles, muster.PermManageSystem)
	if err != nil {
		return nil, err
	}
	au.all = au.all || system
	return au, nil
}

// Granted reports whether one of the roles, separated by spaces, grants the permission.
func (au *Authority) Granted(roles string, p muster.Permission) bool {
	for role := range strings.FieldsSeq(roles) {
		if au.grants[role][p] {
			return true
		}
	}
	return false
}

// lacked returns the permissions that a role grants and the caller lacks.
func (au *Authority) lacked(role string) []muster.Permission {
	var lacked []muster.Permission
	for p := range au.grants[role] {
		if !au.all && !au.Held[p] {
			lacked = append(lacked, p)
		}
	}
	slices.Sort(lacked)
	return lacked
}

// requireNotAbove refuses what is done to somebody above the caller, or to the bot of somebody above. Nobody is above themselves.
func (au *Authority) requireNotAbove(u, owner *muster.User) error {
	if au.callerID == u.ID {
		return nil
	}
	if owner != nil && owner.ID != au.callerID {
		if err := au.Grant(owner.Roles, ""); err != nil {
			return err
		}
	}
	return au.Grant(u.Roles, "")
}

// RequireActOn refuses what the caller wants to do to an account that tx has locked, when it, or the owner of that bot, is above the caller. A nil
// Authority refuses nothing.
func (au *Authority) RequireActOn(ctx context.Context, tx *store.Tx, u *muster.User) error {
	if au == nil {
		return nil
	}
	owner, err := tx.OwnerOf(ctx, u)
	if err != nil {
		return err
	}
	return au.requireNotAbove(u, owner)
}

// RequireActOnUser is RequireActOn for an account that tx has yet to lock; one that is not there has nothing to protect.
func (au *Authority) RequireActOnUser(ctx context.Context, tx *store.Tx, userID string) error {
	if au == nil {
		return nil
	}
	u, err := tx.LockUser(ctx, userID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return au.RequireActOn(ctx, tx, u)
}

// AuthorityOver returns what the caller holds against an account, nil over its own.
func (c *Core) AuthorityOver(ctx context.Context, who *Caller, userID string) (*Authority, error) {
	if who.ID() == userID {
		return nil, nil
	}
	return c.Authority(ctx, who)
}

// Grant refuses to give roles that grant a permission which the caller lacks; those that the account already has may stay.
func (au *Authority) Grant(roles, has string) error {
	for role := range strings.FieldsSeq(roles) {
		if lacked := au.lacked(role); len(lacked) > 0 && !muster.HasRole(has, role) {
			return Refusal(lacked[0])
		}
	}
	return nil
}

// RequireActOn refuses what the caller wants to do to, or to learn of, the account of somebody above; kind Forbidden. A use case that writes
// decides again within its transaction, since the account may be promoted meanwhile.
func (c *Core) RequireActOn(ctx context.Context, who *Caller, u *muster.User) error {
	if who.ID() == u.ID {
		return nil
	}
	au, err := c.Authority(ctx, who)
	if err != nil {
		return err
	}
	owner, err := c.ownerOf(ctx, u)
	if err != nil {
		return err
	}
	return au.requireNotAbove(u, owner)
}

// ownerOf returns the account that a bot belongs to; nil for people, and for a bot that is its own or belongs to no account.
func (c *Core) ownerOf(ctx context.Context, u *muster.User) (*muster.User, error) {
	if !u.IsBot {
		return nil, nil
	}
	b, err := c.store.Bot(ctx, u.ID)
	if err != nil {
		return nil, Missing(err, muster.NotFound, NoBot)
	}
	if b.OwnerID == u.ID {
		return nil, nil
	}
	owner, err := c.User(ctx, b.OwnerID)
	if muster.IsKind(err, muster.NotFound) {
		return nil, nil
	}
	return owner, err
}
