package attack_test

import (
	"net/http"
	"testing"

	"muster"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// A fault of ours in the middle of a transaction costs that request alone: SQLite's only writer is free again.
func TestAPanicInATransactionLocksNobodyOut(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not go on")
				}
			}()
			_ = storetest.ChangeUser(t.Context(), s.Store, u.ID, func(tx *store.Tx, u *muster.User) error {
				u.Nickname = "half"
				if err := tx.SaveUser(t.Context(), u); err != nil {
					return err
				}
				panic("a fault")
			})
		}()
		if got := login(t, s, http.DefaultClient, u.Username, testserver.Password); got.status != http.StatusOK {
			t.Fatalf("sign-in: %d %s", got.status, got.body)
		}
		after, err := s.Store.User(t.Context(), u.ID)
		require.NoError(t, err)
		if after.Nickname != "" {
			t.Errorf("half a transaction was kept: nickname %q", after.Nickname)
		}
	})
}
