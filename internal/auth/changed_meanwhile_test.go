package auth_test

import (
	"fmt"
	"testing"

	"muster"
	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// secretChanges are changes of a row of users after which what was proved before is proved no more.
var secretChanges = map[string]string{
	"password":      "password = 'another'",
	"second factor": "mfa_active = TRUE",
	"its secret":    "mfa_secret = 'another'",
	"deactivated":   "delete_at = 1",
}

// changeUnseen changes a row while a use case that has read it is under way.
func changeUnseen(t *testing.T, s *testserver.Server, u *muster.User, set string) {
	t.Helper()
	storetest.ExecUnseen(t, s.Store, fmt.Sprintf("UPDATE users SET %s WHERE id = '%s'", set, u.ID))
}

// callerOf returns a signed-in caller whose account is in the cache.
func callerOf(t *testing.T, s *testserver.Server, name string) (*core.Caller, *muster.User) {
	t.Helper()
	c, _ := s.User(t, name)
	session, u, err := s.Services.Auth.Authenticate(t.Context(), c.Token())
	require.NoError(t, err)
	return &core.Caller{Session: session, User: u, IP: "127.0.0.1"}, u
}

func TestASessionIsMadeFreshOnlyByTheAccountThatWasChecked(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		proof := auth.Proof{Password: testserver.Password}
		who, _ := callerOf(t, s, "ann")
		require.NoError(t, s.Services.Auth.Reauthenticate(t.Context(), who, proof))
		for what, change := range secretChanges {
			who, u := callerOf(t, s, "u"+muster.NewID()[:20])
			before := who.Session.AuthenticatedAt
			changeUnseen(t, s, u, change)
			if err := s.Services.Auth.Reauthenticate(t.Context(), who, proof); !muster.IsKind(err, muster.Unauthenticated) {
				t.Errorf("%s: %v", what, err)
			}
			if got, err := s.Store.Session(t.Context(), who.Session.ID); err != nil || got.AuthenticatedAt != before {
				t.Errorf("%s: fresh from %d, was %d (%v)", what, got.AuthenticatedAt, before, err)
			}
		}
	})
}

// New recovery codes are for the second factor that was looked at.
func TestNewRecoveryCodesAreForTheSecondFactorThatWasChecked(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		for what, change := range map[string]string{"": "nickname = ''", "another": "mfa_secret = 'another'", "turned off": "mfa_active = FALSE"} {
			_, u := callerOf(t, s, "u"+muster.NewID()[:20])
			changeUnseen(t, s, u, "mfa_active = TRUE")
			s.Services.Core.Cache.ForgetAll()
			u, err := s.Services.Core.User(t.Context(), u.ID)
			require.NoError(t, err)
			list, err := s.Store.Sessions(t.Context(), u.ID)
			require.NoError(t, err)
			changeUnseen(t, s, u, change)
			_, err = s.Services.Auth.ReplaceRecoveryCodes(t.Context(), &core.Caller{Session: list[0], User: u, IP: "127.0.0.1"}, u.ID)
			left, leftErr := s.Store.RecoveryCodesLeft(t.Context(), u.ID)
			require.NoError(t, leftErr)
			if refused := muster.HasID(err, "app.mfa.not_active.app_error"); refused != (what != "") || refused != (left == 0) {
				t.Errorf("%q: %d codes (%v)", what, left, err)
			}
		}
	})
}
