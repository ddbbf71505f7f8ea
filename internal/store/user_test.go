package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

const someTime = 1_700_000_000_000

func newUser(name string) *muster.User {
	return &muster.User{
		ID: muster.NewID(), CreateAt: someTime, UpdateAt: someTime, Username: name, Email: name + "@example.com", Password: "hash",
		Roles: muster.RoleSystemUser, Locale: "en", NotifyProps: muster.DefaultNotifyProps(),
	}
}

func create(t testing.TB, s *store.Store, u *muster.User) *muster.User {
	t.Helper()
	created, err := storetest.CreateUser(context.Background(), s, u)
	must(t, err)
	return created
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantID(t testing.TB, err error, id string) {
	t.Helper()
	if !muster.HasID(err, id) {
		t.Fatalf("error %v, want %s", err, id)
	}
}

// each runs fn n times at once.
func each(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}

func TestOnlyOneFirstAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var admins atomic.Int32
		each(8, func(i int) {
			u, err := storetest.CreateUser(context.Background(), s, newUser(fmt.Sprint("u", i)))
			if err != nil {
				t.Error(err)
			} else if u.HasRole(muster.RoleSystemAdmin) {
				admins.Add(1)
			}
		})
		if n := admins.Load(); n != 1 {
			t.Fatalf("%d first administrators", n)
		}
	})
}

func TestNamesAreUniqueInARace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var made, taken atomic.Int32
		each(8, func(i int) {
			u := newUser("same")
			u.Email = fmt.Sprintf("%d@example.com", i)
			switch _, err := storetest.CreateUser(context.Background(), s, u); {
			case err == nil:
				made.Add(1)
			case muster.HasID(err, "app.user.save.username_exists.app_error"):
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
		if made.Load() != 1 || taken.Load() != 7 {
			t.Fatalf("%d made, %d refused", made.Load(), taken.Load())
		}
		mail := newUser("other")
		mail.Email = newUser("same").Email
		create(t, s, newUser("third"))
		third := newUser("fourth")
		third.Email = "third@example.com"
		_, err := storetest.CreateUser(context.Background(), s, third)
		wantID(t, err, "app.user.save.email_exists.app_error")
	})
}

func TestRenamingToATakenNameInARace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var ids []string
		for i := range 6 {
			ids = append(ids, create(t, s, newUser(fmt.Sprint("u", i))).ID)
		}
		var renamed atomic.Int32
		each(len(ids), func(i int) {
			err := storetest.ChangeUser(context.Background(), s, ids[i], func(_ *store.Tx, u *muster.User) error {
				u.Username = "wanted"
				return nil
			})
			if err == nil {
				renamed.Add(1)
			} else if !muster.HasID(err, "app.user.save.username_exists.app_error") {
				t.Error(err)
			}
		})
		if renamed.Load() != 1 {
			t.Fatalf("%d accounts of one name", renamed.Load())
		}
	})
}

func TestOneAdministratorAlwaysStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var ids []string
		for i := range 8 {
			u := create(t, s, newUser(fmt.Sprint("admin", i)))
			must(t, storetest.SetRoles(context.Background(), s, u.ID, "system_user system_admin"))
			ids = append(ids, u.ID)
		}
		var kept atomic.Int32
		each(len(ids), func(i int) {
			var err error
			switch i % 3 {
			case 0:
				err = storetest.SetRoles(context.Background(), s, ids[i], "system_user")
			case 1:
				err = storetest.ChangeUser(context.Background(), s, ids[i], func(_ *store.Tx, u *muster.User) error {
					u.DeleteAt = someTime
					return nil
				})
			default:
				err = storetest.DeleteUser(context.Background(), s, ids[i])
			}
			if muster.HasID(err, "app.user.update.lastAdmin.app_error") {
				kept.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
		if kept.Load() != 1 {
			t.Fatalf("%d administrators were kept, want the last one", kept.Load())
		}
	})
}

func TestARefusedChangeChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		create(t, s, newUser("admin"))
		u := create(t, s, newUser("ann"))
		refusal := errors.New("no")
		err := storetest.ChangeUser(ctx, s, u.ID, func(tx *store.Tx, u *muster.User) error {
			u.Nickname = "changed"
			return errors.Join(tx.EndSessions(ctx, u.ID, ""), tx.Audit(ctx, audit(u.ID, "refused")), tx.SaveUser(ctx, u), refusal)
		})
		if !errors.Is(err, refusal) {
			t.Fatal(err)
		}
		got, err := s.User(ctx, u.ID)
		must(t, err)
		history, err := s.Audits(ctx, u.ID, 0, 10)
		must(t, err)
		if got.Nickname != "" || len(history) != 0 {
			t.Fatalf("left behind: nickname %q, %d audits", got.Nickname, len(history))
		}
	})
}

func audit(userID, info string) *muster.Audit {
	return &muster.Audit{ID: muster.NewID(), CreateAt: someTime, UserID: userID, Action: "/test", ExtraInfo: info}
}

func TestEveryFieldComesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		create(t, s, newUser("admin"))
		u := newUser("ann")
		auth, remote := "uid=ann", ""
		u.AuthService, u.AuthData, u.RemoteID = "ldap", &auth, &remote
		u.Nickname, u.FirstName, u.LastName, u.Position, u.Locale = "Ä nick", "Ann", "O'Hara", "chief \"x\"", ""
		u.Props, u.Timezone, u.NotifyProps = map[string]string{"a": "ü"}, nil, map[string]string{}
		u.EmailVerified, u.AllowMarketing, u.LastPictureUpdate, u.FailedAttempts = true, true, -5, 3
		create(t, s, u)
		got, err := s.UserByUsername(ctx, "ann")
		must(t, err)
		if diff := difference(u, got); diff != "" {
			t.Fatal(diff)
		}
		if _, err := s.User(ctx, muster.NewID()); !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

func TestDeletingAnAccountTakesEverythingOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		create(t, s, newUser("admin"))
		u := create(t, s, newUser("ann"))
		signIn(t, s, u, "token")
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.Audit(ctx, audit(u.ID, "x")) }))
		must(t, storetest.DeleteUser(ctx, s, u.ID))
		if _, err := s.SessionByTokenHash(ctx, []byte("token")); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("session: %v", err)
		}
		history, err := s.Audits(ctx, u.ID, 0, 10)
		must(t, err)
		found, err := s.SearchUsers(ctx, "ann", store.UserSearch{UserFilter: store.UserFilter{Limit: 10}, FullNames: true, Emails: true})
		must(t, err)
		if len(history)+len(found) != 0 {
			t.Fatalf("%d audits, %d found", len(history), len(found))
		}
		create(t, s, newUser("ann")) // the name is free again
		must(t, s.CheckIntegrity(ctx))
	})
}
