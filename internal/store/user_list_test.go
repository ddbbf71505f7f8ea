package store_test

import (
	"context"
	"fmt"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func TestPagesOfTheDirectory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		for i := range 7 {
			u := newUser(fmt.Sprint("u", 6-i))
			u.CreateAt += int64(i)
			if i == 2 {
				u.DeleteAt = someTime
			}
			create(t, s, u)
		}
		for _, c := range []struct {
			filter store.UserFilter
			want   string
		}{
			{store.UserFilter{Limit: 3}, "u0 u1 u2"},
			{store.UserFilter{Limit: 3, Offset: 3}, "u3 u4 u5"},
			{store.UserFilter{Limit: 3, Offset: 300}, ""},
			{store.UserFilter{Limit: 0}, ""},
			{store.UserFilter{Limit: 9, Active: true}, "u0 u1 u2 u3 u5 u6"},
			{store.UserFilter{Limit: 9, Inactive: true}, "u4"},
			{store.UserFilter{Limit: 2, Sort: "create_at"}, "u0 u1"},
			{store.UserFilter{Limit: 9, Role: muster.RoleSystemAdmin}, "u6"},
			{store.UserFilter{Limit: 2, Role: muster.RoleSystemUser}, "u0 u1"},
			{store.UserFilter{Limit: 9, Roles: []string{muster.RoleSystemUser}, Active: true}, "u0 u1 u2 u3 u5"},
			{store.UserFilter{Limit: 9, Roles: []string{muster.RoleSystemUser, muster.RoleSystemAdmin}, Active: true}, "u0 u1 u2 u3 u5 u6"},
			{store.UserFilter{Limit: 2, WithoutTeam: true}, "u0 u1"},
			{store.UserFilter{Limit: 2, Sort: "last_activity_at"}, "u0 u1"},
		} {
			list, err := s.ListUsers(ctx, c.filter)
			if err != nil || names(list) != c.want {
				t.Errorf("%+v gave %q, want %q (%v)", c.filter, names(list), c.want, err)
			}
		}
		n, err := s.CountUsers(ctx, store.UserFilter{Active: true})
		if err != nil || n != 6 {
			t.Error(n, err)
		}
	})
}

func TestAccountsByIDsAndNames(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		var ids, wanted []string
		for i := range 1203 { // more than one statement asks for
			u := newUser(fmt.Sprintf("u%04d", i))
			u.UpdateAt += int64(i)
			ids = append(ids, u.ID)
			wanted = append(wanted, u.Username)
			if i%400 == 0 {
				create(t, s, u)
			}
		}
		list, err := s.UsersByIDs(ctx, append(ids, ids...), 0, "")
		if err != nil || names(list) != "u0000 u0400 u0800 u1200" {
			t.Fatal(names(list), err)
		}
		list, err = s.UsersByIDs(ctx, ids, someTime+400, "")
		if err != nil || names(list) != "u0800 u1200" {
			t.Fatal(names(list), err)
		}
		list, err = s.UsersByUsernames(ctx, wanted, "")
		if err != nil || len(list) != 4 {
			t.Fatal(names(list), err)
		}
		list, err = s.UsersByIDs(ctx, ids, 0, ids[400])
		if err != nil || names(list) != "u0400" {
			t.Fatalf("somebody without channels sees %q (%v)", names(list), err)
		}
	})
}
