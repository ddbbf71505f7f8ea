package auth_test

import (
	"testing"

	"muster"
	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// Whatever makes an account another one while its password is being checked: the login that this began comes to nothing.
func TestNoSessionForAnAccountThatChangedMeanwhile(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		const never, byPassword, always = 0, 1, 2
		for name, c := range map[string]struct {
			refused int // also where something else than the password proved who it is, or by the password alone
			change  func(u *muster.User)
		}{
			"nothing":               {never, func(*muster.User) {}},
			"a nickname":            {never, func(u *muster.User) { u.Nickname = "Annie" }},
			"another password":      {byPassword, func(u *muster.User) { u.Password = "another" }},
			"a second factor":       {byPassword, func(u *muster.User) { u.MfaActive = true }},
			"another second factor": {byPassword, func(u *muster.User) { u.MfaSecret = "another" }},
			"deactivated":           {always, func(u *muster.User) { u.DeleteAt = 1 }},
			"became a bot":          {always, func(u *muster.User) { u.IsBot = true }},
		} {
			for _, withoutPassword := range []bool{false, true} {
				id := muster.NewID()
				_, u := s.User(t, "ann"+id)
				before, err := s.Store.User(t.Context(), u.ID)
				require.NoError(t, err)
				alive := sessions(t, s, u)
				require.NoError(t, storetest.ChangeUser(t.Context(), s.Store, u.ID, func(_ *store.Tx, u *muster.User) error { c.change(u); return nil }))
				err = s.Services.Auth.StartSession(t.Context(), &core.Caller{IP: "127.0.0.1"}, before, withoutPassword)
				refused := c.refused == always || c.refused == byPassword && !withoutPassword
				began := sessions(t, s, u) - alive
				if refused != muster.IsKind(err, muster.Unauthenticated) || refused == (began == 1) {
					t.Errorf("%s, without password %v: %d sessions began (%v)", name, withoutPassword, began, err)
				}
			}
		}
	})
}

func sessions(t *testing.T, s *testserver.Server, u *muster.User) int {
	t.Helper()
	list, err := s.Store.Sessions(t.Context(), u.ID)
	require.NoError(t, err)
	return len(list)
}

// What an account's history and its owner are told of wrong passwords is bounded; that the account is locked is told always.
func TestFailuresAreRememberedWithinBounds(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.User(t, "ann")
		lines := func() (n int) {
			list, err := s.Store.Audits(t.Context(), u.ID, 0, 200)
			require.NoError(t, err)
			return len(list)
		}
		before := lines()
		require.NoError(t, s.Services.Auth.RecordFailures(t.Context(), u, auth.HistoryLines+5, false))
		if n := lines() - before; n != auth.HistoryLines {
			t.Errorf("%d failures are in the history", n)
		}
		require.NoError(t, s.Services.Auth.RecordFailures(t.Context(), u, 1, true))
		if n := lines() - before; n != auth.HistoryLines+1 {
			t.Errorf("with that of a lock %d failures are in the history", n)
		}
		list, err := s.Store.Audits(t.Context(), u.ID, 0, 200)
		require.NoError(t, err)
		last := 0
		for _, a := range list {
			if a.ExtraInfo == "wrong (more of these are left out for an hour)" {
				last++
			}
		}
		if last != 1 {
			t.Errorf("%d lines say that they are the last for a while", last)
		}
		now, err := s.Store.User(t.Context(), u.ID)
		if err != nil || now.FailedAttempts != auth.HistoryLines+6 {
			t.Errorf("%+v (%v)", now, err)
		}
	})
}
