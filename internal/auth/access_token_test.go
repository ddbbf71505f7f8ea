package auth_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"muster"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// While something that ends a token is about to commit, the token is used: no session of it may be left. The sleep makes
// the use reach the row that the other holds; without it the test would pass by luck, not fail.
func TestNoSessionOutlivesItsAccessToken(t *testing.T) {
	ctx := context.Background()
	change := func(id string, change func(tx *store.Tx, u *muster.User) error) func(*store.Store) error {
		return func(s *store.Store) error { return storetest.ChangeUser(ctx, s, id, change) }
	}
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, `{"ServiceSettings":{"EnableBotAccountCreation":true}}`)
		for name, end := range map[string]func(owner string, token *muster.AccessToken, midway func()) func(*store.Store) error{
			"deactivated": func(_ string, token *muster.AccessToken, midway func()) func(*store.Store) error {
				return change(token.UserID, func(tx *store.Tx, u *muster.User) error {
					midway()
					u.DeleteAt = 1
					return tx.EndSessions(ctx, u.ID, "")
				})
			},
			"a bot that became a person": func(_ string, token *muster.AccessToken, midway func()) func(*store.Store) error {
				return change(token.UserID, func(tx *store.Tx, u *muster.User) error {
					midway()
					u.IsBot = false
					return tx.EndSessions(ctx, u.ID, "")
				})
			},
			"a bot whose owner left": func(owner string, _ *muster.AccessToken, midway func()) func(*store.Store) error {
				return change(owner, func(tx *store.Tx, u *muster.User) error {
					u.DeleteAt = 1
					err := tx.DisableBots(ctx, u.ID)
					midway()
					return err
				})
			},
			"revoked": func(_ string, token *muster.AccessToken, midway func()) func(*store.Store) error {
				return func(s *store.Store) error {
					return s.Write(ctx, func(tx *store.Tx) error {
						err := tx.DeleteAccessToken(ctx, token.ID)
						midway()
						return err
					})
				}
			},
			"disabled": func(_ string, token *muster.AccessToken, midway func()) func(*store.Store) error {
				return func(s *store.Store) error {
					return s.Write(ctx, func(tx *store.Tx) error {
						err := tx.DisableAccessToken(ctx, token.ID)
						midway()
						return err
					})
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				admin, _ := s.Admin(t)
				_, owner := s.User(t, "u"+muster.NewID()[:20])
				bot, err := admin.CreateBot(ctx, &muster.Bot{Username: "b" + muster.NewID()[:20]})
				require.NoError(t, err)
				_, err = admin.AssignBot(ctx, bot.UserID, owner.ID)
				require.NoError(t, err)
				token, err := admin.CreateAccessToken(ctx, bot.UserID, "x", 0)
				require.NoError(t, err)
				var running sync.WaitGroup
				var once sync.Once
				var used error
				require.NoError(t, end(owner.ID, token, func() {
					once.Do(func() {
						running.Go(func() { _, _, used = s.Services.Auth.Authenticate(ctx, token.Token) })
						time.Sleep(50 * time.Millisecond)
					})
				})(s.Store))
				running.Wait()
				if !muster.IsKind(used, muster.Unauthenticated) {
					t.Errorf("the token was good: %v", used)
				}
				if n := sessions(t, s, &muster.User{ID: bot.UserID}); n != 0 {
					t.Errorf("%d sessions are left", n)
				}
			})
		}
	})
}
