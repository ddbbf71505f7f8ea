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
	sess := newSession(u)
	must(t, beginSession(s, sess, token))
	return sess
}

func beginSession(s *store.Store, sess *muster.Session, token string) error {
	return s.Write(context.Background(), func(tx *store.Tx) error {
		return errors.Join(tx.InsertSession(context.Background(), sess, []byte(token)), tx.PruneSessions(context.Background(), sess.UserID))
	})
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
		bob := create(t, s, newUser("bob"))
		end := func(userID string) error {
			return s.Write(ctx, func(tx *store.Tx) error { return tx.EndSession(ctx, userID, sess.ID) })
		}
		must(t, end(bob.ID)) // whose it is not
		if _, err := s.Session(ctx, sess.ID); err != nil {
			t.Fatal(err)
		}
		must(t, end(u.ID))
		list, err := s.Sessions(ctx, u.ID)
		must(t, err)
		if len(list) != 1 {
			t.Fatalf("%d sessions left, want 1", len(list))
		}
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.EndAllSessions(ctx) }))
		if list, err = s.Sessions(ctx, u.ID); err != nil || len(list) != 0 {
			t.Fatal(list, err)
		}
	})
}

func TestActivityOnlyMovesForward(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		ends, endless := newSession(u), signIn(t, s, u, "endless")
		ends.ExpiresAt = someTime + 10
		must(t, beginSession(s, ends, "ends"))
		for _, ms := range []int64{someTime + 20, someTime + 15} {
			must(t, s.Write(ctx, func(tx *store.Tx) error {
				return errors.Join(tx.TouchSession(ctx, ends.ID, ms), tx.ExtendSession(ctx, u.ID, ends.ID, ms), tx.ExtendSession(ctx, u.ID, endless.ID, ms))
			}))
		}
		for id, want := range map[string]int64{ends.ID: someTime + 20, endless.ID: 0} {
			if got, err := s.Session(ctx, id); err != nil || got.ExpiresAt != want {
				t.Errorf("a session ends at %d, want %d (%v)", got.ExpiresAt, want, err)
			}
		}
		if got, err := s.Session(ctx, ends.ID); err != nil || got.LastActivityAt != someTime+20 {
			t.Errorf("%+v (%v)", got, err)
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
		must(t, beginSession(s, sess, fmt.Sprint(i)))
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
		attach := func(sess *muster.Session, expiresAt int64) {
			must(t, s.Write(ctx, func(tx *store.Tx) error {
				return errors.Join(tx.EndDeviceSessions(ctx, u.ID, "apple:x", sess.ID), tx.SetDevice(ctx, u.ID, sess.ID, "apple:x", expiresAt))
			}))
		}
		attach(one, 0)
		attach(two, someTime*2)
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
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.SetDevice(ctx, u.ID, sess.ID, "d", someTime+10) }))
		sweep := func(before int64) (n int64) {
			must(t, s.Write(ctx, func(tx *store.Tx) (err error) {
				n, err = tx.DeleteExpiredSessions(ctx, before, 10)
				return err
			}))
			return n
		}
		if n := sweep(someTime + 10); n != 0 {
			t.Fatal(n)
		}
		if n := sweep(someTime + 11); n != 1 {
			t.Fatal(n)
		}
		if _, err := s.Session(ctx, endless.ID); err != nil {
			t.Fatal("a session without an end is gone:", err)
		}
	})
}

func TestOnlyTheSessionOfTheProofIsFresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		ann, bob := create(t, s, newUser("ann")), create(t, s, newUser("bob"))
		anns, bobs, other := signIn(t, s, ann, "a"), signIn(t, s, bob, "b"), signIn(t, s, ann, "c")
		fresh := func(sessionID string) error {
			return s.Write(ctx, func(tx *store.Tx) error { return tx.SetAuthenticated(ctx, ann.ID, sessionID, someTime+5) })
		}
		if err := fresh(bobs.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("somebody else's session: %v", err)
		}
		if err := fresh(muster.NewID()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a session that is gone: %v", err)
		}
		must(t, fresh(anns.ID))
		for _, c := range []struct {
			sess *muster.Session
			at   int64
		}{{anns, someTime + 5}, {bobs, 0}, {other, 0}} {
			if got, err := s.Session(ctx, c.sess.ID); err != nil || got.AuthenticatedAt != c.at {
				t.Errorf("fresh from %d, want %d (%v)", got.AuthenticatedAt, c.at, err)
			}
		}
	})
}
