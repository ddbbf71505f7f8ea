package store_test

import (
	"context"
	"errors"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

// secretChanges are the changes of an account after which what was proved before is proved no more.
var secretChanges = map[string]func(*muster.User){
	"password":      func(u *muster.User) { u.Password = "another" },
	"second factor": func(u *muster.User) { u.MfaActive = true },
	"its secret":    func(u *muster.User) { u.MfaSecret = "another" },
	"deactivated":   func(u *muster.User) { u.DeleteAt = someTime },
}

func changeSecret(t *testing.T, s *store.Store, id string, change func(*muster.User)) {
	t.Helper()
	must(t, storetest.ChangeUser(t.Context(), s, id, func(_ *store.Tx, u *muster.User) error { change(u); return nil }))
}

// The password was checked before the transaction: the session begins only if all that it was checked with is still so.
func TestASessionBeginsOnlyForTheAccountThatWasChecked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		create(t, s, newUser("admin"))
		for what, change := range secretChanges {
			t.Run(what, func(t *testing.T) {
				u := newUser(muster.NewID()[:20] + "x")
				u.MfaSecret = "kept"
				u = create(t, s, u)
				checked := store.SessionOptions{OldPasswordHash: u.Password, MfaActive: u.MfaActive, MfaSecret: u.MfaSecret}
				changeSecret(t, s, u.ID, change)
				_, err := s.CreateSession(ctx, newSession(u), []byte(muster.NewID()), checked)
				if !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
				if list, err := s.Sessions(ctx, u.ID); err != nil || len(list) != 0 {
					t.Errorf("%d sessions (%v)", len(list), err)
				}
			})
		}
		for what, change := range map[string]func(*muster.User){"deactivated": secretChanges["deactivated"], "a bot": func(u *muster.User) { u.IsBot = true }} {
			t.Run("without a password, "+what, func(t *testing.T) {
				u := create(t, s, newUser(muster.NewID()[:20]+"x"))
				changeSecret(t, s, u.ID, change)
				_, err := s.CreateSession(ctx, newSession(u), []byte(muster.NewID()), store.SessionOptions{WithoutPassword: true})
				if !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
			})
		}
	})
}

func TestASessionIsMadeFreshOnlyByTheAccountThatWasChecked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		create(t, s, newUser("admin"))
		freshAt := func(sess *muster.Session) int64 {
			t.Helper()
			got, err := s.Session(ctx, sess.ID)
			must(t, err)
			return got.AuthenticatedAt
		}
		for what, change := range secretChanges {
			t.Run(what, func(t *testing.T) {
				u := create(t, s, newUser(muster.NewID()[:20]+"x"))
				sess := signIn(t, s, u, muster.NewID())
				changeSecret(t, s, u.ID, change)
				if err := s.Reauthenticate(ctx, sess.ID, u, someTime+5, store.SessionOptions{}); !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
				if at := freshAt(sess); at != sess.AuthenticatedAt {
					t.Errorf("it is fresh from %d", at)
				}
			})
		}
		ann, bob := create(t, s, newUser("ann")), create(t, s, newUser("bob"))
		anns, bobs, other := signIn(t, s, ann, "a"), signIn(t, s, bob, "b"), signIn(t, s, ann, "c")
		if err := s.Reauthenticate(ctx, bobs.ID, ann, someTime+5, store.SessionOptions{}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("somebody else's session: %v", err)
		}
		if err := s.Reauthenticate(ctx, muster.NewID(), ann, someTime+5, store.SessionOptions{}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a session that is gone: %v", err)
		}
		must(t, s.Reauthenticate(ctx, anns.ID, ann, someTime+5, store.SessionOptions{}))
		if freshAt(anns) != someTime+5 || freshAt(bobs) != bobs.AuthenticatedAt || freshAt(other) != other.AuthenticatedAt {
			t.Errorf("fresh from %d, others from %d and %d", freshAt(anns), freshAt(bobs), freshAt(other))
		}
	})
}

// New codes are for the second factor that was looked at, and another one takes its place only where that was asked for.
func TestASecondFactorThatChangedMeanwhileStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := newUser("ann")
		u.MfaActive, u.MfaSecret = true, "first"
		u = create(t, s, u)
		codes := func(names ...string) (hashes [][]byte) {
			for _, n := range names {
				hashes = append(hashes, []byte(n))
			}
			return hashes
		}
		left := func(want int64) {
			t.Helper()
			if n, err := s.RecoveryCodesLeft(ctx, u.ID); err != nil || n != want {
				t.Errorf("%d recovery codes (%v), want %d", n, err, want)
			}
		}
		must(t, s.ReplaceRecoveryCodes(ctx, u.ID, "first", codes("a", "b"), nothing))
		if err := s.ReplaceRecoveryCodes(ctx, u.ID, "another", codes("c"), nothing); !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
		left(2)
		must(t, s.SaveMfaPending(ctx, u.ID, "second", nil))
		if _, _, err := s.ActivateMfa(ctx, u.ID, "second", false, codes("d"), nil, nothing); !errors.Is(err, store.ErrNotFound) {
			t.Error("it took the active one's place:", err)
		}
		if _, _, err := s.ActivateMfa(ctx, u.ID, "third", true, codes("d"), nil, nothing); !errors.Is(err, store.ErrNotFound) {
			t.Error("one that is not pending:", err)
		}
		left(2)
		_, _, err := s.ActivateMfa(ctx, u.ID, "second", true, codes("d"), nil, nothing)
		must(t, err)
		left(1)
		changeSecret(t, s, u.ID, func(u *muster.User) { u.MfaActive = false })
		if err := s.ReplaceRecoveryCodes(ctx, u.ID, "second", codes("e", "f"), nothing); !errors.Is(err, store.ErrNotFound) {
			t.Error("a factor that is off:", err)
		}
		left(1)
	})
}
