package store_test

import (
	"context"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func TestAllAccountsGoTogetherOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := newUpload(t, s, "ann")
		create(t, s, newUser("bob"))
		must(t, s.CreateUpload(ctx, u, store.UploadQuota{Unfinished: 9}))
		twice := audit("", "deleted")
		if err := s.DeleteAllUsers(ctx, twice, twice); err == nil { // the last thing that the transaction writes is refused
			t.Fatal("a line of history went in twice")
		}
		n, err := s.CountUsers(ctx, store.UserFilter{})
		if err != nil || n != 2 {
			t.Errorf("%d accounts are left of a refused deletion (%v)", n, err)
		}
		if _, err := s.Upload(ctx, u.ID); err != nil {
			t.Error(err)
		}
		_, err = s.CreateUser(ctx, newUser("first"), store.CreateUserOptions{MustBeFirst: true})
		wantID(t, err, "api.user.create_user.no_open_server")

		must(t, s.DeleteAllUsers(ctx, twice))
		if n, err = s.CountUsers(ctx, store.UserFilter{}); err != nil || n != 0 {
			t.Errorf("%d accounts are left (%v)", n, err)
		}
		first, err := s.CreateUser(ctx, newUser("first"), store.CreateUserOptions{MustBeFirst: true})
		if err != nil || !first.HasRole(muster.RoleSystemAdmin) {
			t.Errorf("%+v (%v)", first, err)
		}
	})
}
