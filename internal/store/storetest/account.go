package storetest

import (
	"context"

	"muster"
	"muster/internal/store"
)

// CreateUser inserts an account and returns it as it is stored; a database's first becomes its administrator.
func CreateUser(ctx context.Context, s *store.Store, u *muster.User) (*muster.User, error) {
	var created *muster.User
	err := s.Write(ctx, func(tx *store.Tx) error {
		created = u.Clone()
		if _, err := tx.ClaimFirstAccount(ctx, created); err != nil {
			return err
		}
		return tx.InsertUser(ctx, created)
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

// InsertUsers inserts accounts as they are, in one transaction.
func InsertUsers(ctx context.Context, s *store.Store, users []*muster.User) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		for _, u := range users {
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteUser removes an account.
func DeleteUser(ctx context.Context, s *store.Store, id string) error {
	return s.Write(ctx, func(tx *store.Tx) error { return tx.DeleteUser(ctx, id) })
}

// ChangeUser has change alter an account, and what goes with it, in one transaction.
func ChangeUser(ctx context.Context, s *store.Store, id string, change func(tx *store.Tx, u *muster.User) error) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.UserForUpdate(ctx, id)
		if err != nil {
			return err
		}
		if err := change(tx, u); err != nil {
			return err
		}
		return tx.SaveUser(ctx, u)
	})
}

// SetRoles sets an account's system roles.
func SetRoles(ctx context.Context, s *store.Store, id, roles string) error {
	return ChangeUser(ctx, s, id, func(_ *store.Tx, u *muster.User) error {
		u.Roles = roles
		return nil
	})
}
