package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func makeToken(t testing.TB, s *store.Store, u *muster.User, hash string, expiresAt int64) *muster.AccessToken {
	t.Helper()
	token := &muster.AccessToken{ID: muster.NewID(), UserID: u.ID, Description: "x", IsActive: true, CreateAt: someTime, ExpiresAt: expiresAt}
	must(t, s.CreateAccessToken(context.Background(), token, []byte(hash), nil, 0, nothing))
	return token
}

// useToken begins the session of a token, as a request that carries it does.
func useToken(s *store.Store, hash string) error {
	_, err := s.StartTokenSession(context.Background(), []byte(hash), func(_ *muster.AccessToken, u *muster.User) (*muster.Session, error) {
		return newSession(u), nil
	})
	return err
}

func TestAnExpiredAccessTokenBeginsNoSession(t *testing.T) {
	for name, options := range map[string]func(t *testing.T) store.Options{
		"sqlite":   func(t *testing.T) store.Options { return store.Options{DataDir: t.TempDir()} },
		"postgres": func(t *testing.T) store.Options { return store.Options{DSN: storetest.PostgresDSN(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			o, now := options(t), time.UnixMilli(someTime)
			o.Now = func() time.Time { return now }
			s, err := store.Open(context.Background(), o)
			must(t, err)
			defer func() { must(t, s.Close()) }()
			u := create(t, s, newUser("ann"))
			makeToken(t, s, u, "ends", someTime+1000)
			makeToken(t, s, u, "endless", 0)
			now = time.UnixMilli(someTime + 999)
			must(t, useToken(s, "ends"))
			must(t, s.DeleteSessionsOf(context.Background(), u.ID, nil))
			now = time.UnixMilli(someTime + 1000)
			if err := useToken(s, "ends"); !errors.Is(err, store.ErrNotFound) {
				t.Fatal(err)
			}
			must(t, useToken(s, "endless"))
			if err := useToken(s, "unknown"); !errors.Is(err, store.ErrNotFound) {
				t.Fatal(err)
			}
		})
	}
}

// While something that ends a token is about to commit, the token is used: no session of it may be left. The sleep makes
// the use reach the row that the other holds; without it the test would pass by luck, not fail.
func TestNoSessionOutlivesItsAccessToken(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(s *store.Store, token *muster.AccessToken, midway func()) error{
		"deactivated": func(s *store.Store, token *muster.AccessToken, midway func()) error {
			return storetest.ChangeUser(ctx, s, token.UserID, func(tx *store.Tx, u *muster.User) error {
				midway()
				u.DeleteAt = someTime
				return tx.EndSessions(ctx, u.ID, "")
			})
		},
		"a bot that became a person": func(s *store.Store, token *muster.AccessToken, midway func()) error {
			return storetest.ChangeUser(ctx, s, token.UserID, func(tx *store.Tx, u *muster.User) error {
				midway()
				u.IsBot = false
				_, err := tx.RevokeAccessTokens(ctx, u.ID)
				return errors.Join(err, tx.DeleteBot(ctx, u.ID), tx.EndSessions(ctx, u.ID, ""))
			})
		},
		"a bot whose owner left": func(s *store.Store, token *muster.AccessToken, midway func()) error {
			bot, err := s.Bot(ctx, token.UserID)
			if err != nil {
				return err
			}
			return storetest.ChangeUser(ctx, s, bot.OwnerID, func(tx *store.Tx, u *muster.User) error {
				u.DeleteAt = someTime
				err := tx.DisableBots(ctx, u.ID)
				midway()
				return err
			})
		},
		"revoked": func(s *store.Store, token *muster.AccessToken, midway func()) error {
			midway()
			return s.DeleteAccessToken(ctx, token.ID, nil)
		},
		"disabled": func(s *store.Store, token *muster.AccessToken, midway func()) error {
			midway()
			return s.SetAccessTokenActive(ctx, token.ID, nil, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				create(t, s, newUser("admin"))
				owner := create(t, s, newUser("owner"))
				u := newUser("robot")
				u.IsBot, u.Password = true, ""
				must(t, s.Write(ctx, func(tx *store.Tx) error {
					if err := tx.InsertUser(ctx, u); err != nil {
						return err
					}
					_, err := tx.InsertBot(ctx, u.ID, owner.ID)
					return err
				}))
				token := makeToken(t, s, u, "hash", 0)
				var running sync.WaitGroup
				var once sync.Once
				var used error
				must(t, end(s, token, func() {
					once.Do(func() {
						running.Go(func() { used = useToken(s, "hash") })
						time.Sleep(50 * time.Millisecond)
					})
				}))
				running.Wait()
				if used != nil && !errors.Is(used, store.ErrNotFound) {
					t.Fatal(used)
				}
				list, err := s.Sessions(ctx, u.ID)
				must(t, err)
				if len(list) != 0 {
					t.Fatalf("%d sessions", len(list))
				}
			})
		})
	}
}

func TestNoSignInReachesWhoBecameABot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		create(t, s, newUser("admin"))
		u := create(t, s, newUser("ann"))
		must(t, storetest.ChangeUser(ctx, s, u.ID, func(tx *store.Tx, u *muster.User) error {
			u.IsBot = true
			_, err := tx.InsertBot(ctx, u.ID, u.ID)
			return err
		}))
		for _, o := range []store.SessionOptions{{OldPasswordHash: u.Password}, {WithoutPassword: true}} { // begun before
			_, err := s.CreateSession(ctx, newSession(u), []byte(muster.NewID()), o)
			if !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("a session began: %v", err)
			}
		}
	})
}
