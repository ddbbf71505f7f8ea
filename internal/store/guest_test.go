package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func TestAdministratorsDemotedAtOnceLeaveOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		admins := make([]*muster.User, 6)
		for i := range admins {
			u := newUser(fmt.Sprint("admin", i))
			u.Roles = "system_user system_admin"
			admins[i] = create(t, s, u)
		}
		var last atomic.Int32
		each(len(admins), func(i int) {
			err := storetest.SetRoles(ctx, s, admins[i].ID, muster.RoleSystemGuest)
			switch {
			case muster.HasID(err, "app.user.update.lastAdmin.app_error"):
				last.Add(1)
			case err != nil:
				t.Error(err)
			}
		})
		left, err := s.ListUsers(ctx, store.UserFilter{Role: muster.RoleSystemAdmin, Limit: 9})
		if err != nil || len(left) != 1 || last.Load() != 1 {
			t.Fatalf("%q are left, %d were the last (%v)", names(left), last.Load(), err)
		}
		guests, err := s.GuestIDs(ctx)
		if err != nil || len(guests) != len(admins)-1 {
			t.Error(guests, err)
		}
	})
}
