package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func difference(want, got any) string { return cmp.Diff(want, got) }

func signIn(t testing.TB, s *store.Store, u *muster.User, token string) *muster.Session {
	t.Helper()
	sess, err := s.CreateSession(context.Background(), newSession(u), []byte(token), store.SessionOptions{OldPasswordHash: u.Password})
	must(t, err)
	return sess
}

func newSession(u *muster.User) *muster.Session {
	return &muster.Session{
		ID: muster.NewID(), UserID: u.ID, CreateAt: someTime, LastActivityAt: someTime, Roles: u.Roles,
		Props: map[string]string{muster.SessionPropCSRF: "x"},
	}
}

func TestSessionsBeginAndEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		sess := signIn(t, s, u, "t1")
		got, err := s.SessionByTokenHash(ctx, []byte("t1"))
		must(t, err)
		if d := difference(sess, got); d != "" {
			t.Fatal(d)
		}
		signIn(t, s, u, "t2")
		must(t, s.DeleteSession(ctx, u.ID, sess.ID, nil, audit(u.ID, "end")))
		list, err := s.Sessions(ctx, u.ID)
		must(t, err)
		if len(list) != 1 {
			t.Fatalf("%d sessions left, want 1", len(list))
		}
		must(t, s.DeleteAllSessions(ctx))
		if list, err = s.Sessions(ctx, u.ID); err != nil || len(list) != 0 {
			t.Fatal(list, err)
		}
	})
}

func TestNoSessionForWhoMayNotSignInAnyMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		create(t, s, newUser("admin"))
		u := create(t, s, newUser("ann"))
		change := func(apply func(u *muster.User)) {
			t.Helper()
			must(t, storetest.ChangeUser(ctx, s, u.ID, func(_ *store.Tx, u *muster.User) error { apply(u); return nil }))
			_, err := s.CreateSession(ctx, newSession(u), []byte(muster.NewID()), store.SessionOptions{OldPasswordHash: u.Password})
			if !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("a session began: %v", err)
			}
		}
		change(func(u *muster.User) { u.DeleteAt = someTime })
		change(func(u *muster.User) { u.DeleteAt, u.Password = 0, "another" })
	})
}

func TestSignInNotesItselfOnTheAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		for range 2 {
			err := s.RecordFailedAttempt(ctx, someTime, store.FailedAttempt{UserID: u.ID, Audit: audit(u.ID, "wrong"), History: counter(store.CountHistory, 10)})
			must(t, err)
		}
		before, err := s.User(ctx, u.ID)
		must(t, err)
		if before.FailedAttempts != 2 || before.UpdateAt != u.UpdateAt {
			t.Fatalf("%d attempts, update_at moved by %d", before.FailedAttempts, before.UpdateAt-u.UpdateAt)
		}
		_, err = s.CreateSession(ctx, newSession(u), []byte("t"), store.SessionOptions{
			ResetFailedAttempts: true, LastLogin: 5, OldPasswordHash: u.Password, NewPasswordHash: "better",
		})
		must(t, err)
		after, err := s.User(ctx, u.ID)
		must(t, err)
		if after.FailedAttempts != 0 || after.LastLogin != 5 || after.Password != "better" {
			t.Fatalf("%+v", after)
		}
	})
}

func TestLeastUsedSessionsGoBeyondTheLimit(t *testing.T) {
	s := storetest.SQLite(t)
	ctx := context.Background()
	u := create(t, s, newUser("ann"))
	var oldest *muster.Session
	for i := range muster.MaxSessionsPerUser + 3 {
		sess := newSession(u)
		sess.LastActivityAt += int64(i)
		if _, err := s.CreateSession(ctx, sess, fmt.Append(nil, i), store.SessionOptions{OldPasswordHash: u.Password}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			oldest = sess
		}
	}
	list, err := s.Sessions(ctx, u.ID)
	must(t, err)
	_, err = s.Session(ctx, oldest.ID)
	if len(list) != muster.MaxSessionsPerUser || !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("%d sessions, the oldest: %v", len(list), err)
	}
}

func TestADeviceHasOneSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		one, two := signIn(t, s, u, "1"), signIn(t, s, u, "2")
		must(t, s.AttachDevice(ctx, u.ID, one.ID, "apple:x", 0))
		must(t, s.AttachDevice(ctx, u.ID, two.ID, "apple:x", someTime*2))
		list, err := s.Sessions(ctx, u.ID)
		must(t, err)
		if len(list) != 1 || list[0].ID != two.ID || list[0].ExpiresAt != someTime*2 {
			t.Fatalf("%+v", list)
		}
	})
}

func TestRolesReachSessionsWithTheAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		create(t, s, newUser("admin"))
		u := create(t, s, newUser("ann"))
		kept, ended := signIn(t, s, u, "1"), signIn(t, s, u, "2")
		must(t, storetest.ChangeUser(ctx, s, u.ID, func(tx *store.Tx, u *muster.User) error {
			u.Roles = "system_user system_manager"
			return errors.Join(tx.EndSessions(ctx, u.ID, kept.ID), tx.SetSessionRoles(ctx, u.ID, u.Roles))
		}))
		got, err := s.Session(ctx, kept.ID)
		must(t, err)
		if got.Roles != "system_user system_manager" {
			t.Fatal(got.Roles)
		}
		if _, err := s.Session(ctx, ended.ID); !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

func TestExpiredSessionsAreSwept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		sess, endless := signIn(t, s, u, "1"), signIn(t, s, u, "2")
		must(t, s.TouchSessions(ctx, map[string]int64{sess.ID: someTime + 9}, nil))
		must(t, s.AttachDevice(ctx, u.ID, sess.ID, "d", someTime+10))
		if n, err := s.DeleteExpiredSessions(ctx, someTime+10, 10); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := s.DeleteExpiredSessions(ctx, someTime+11, 10); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if _, err := s.Session(ctx, endless.ID); err != nil {
			t.Fatal("a session without an end is gone:", err)
		}
	})
}
