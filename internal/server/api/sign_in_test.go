package api_test

import (
	"testing"

	"muster"
	"muster/client"
	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/testserver"
)

const expiredSignIn = "app.sign_in.expired.app_error"

// atTerms begins a sign-in that waits for the terms of service.
func atTerms(t *testing.T, s *testserver.Server, name string) *auth.LoginFlow {
	t.Helper()
	in, err := s.Services.Auth.BeginLogin(t.Context(), &core.Caller{IP: "192.0.2.1"}, auth.LoginRequest{LoginID: name, Password: testserver.Password}, "/back")
	require.NoError(t, err)
	if in.Step != auth.StepTerms || in.Session != nil || in.ReturnTo != "/back" {
		t.Fatalf("%+v", in)
	}
	return in
}

func askForTerms(t *testing.T, s *testserver.Server) *client.Client {
	t.Helper()
	admin, _ := s.Admin(t)
	s.Configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnabled":true},"TeamSettings":{"EnableUserDeactivation":true}}`)
	_, err := admin.CreateTerms(t.Context(), "be kind")
	require.NoError(t, err)
	return admin
}

// What was proved in one step no longer counts once it changed.
func TestASignInUnderWayEndsWithWhatItWasHeldAgainst(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin := askForTerms(t, s)
		for name, change := range map[string]func(u *muster.User){
			"password":   func(u *muster.User) { require.NoError(t, admin.UpdateUserPassword(ctx, u.ID, "", newPassword)) },
			"revoked":    func(u *muster.User) { require.NoError(t, admin.RevokeAllSessions(ctx, u.ID)) },
			"everything": func(*muster.User) { require.NoError(t, admin.RevokeSessionsFromAllUsers(ctx)); admin, _ = s.Admin(t) },
			"deactivated": func(u *muster.User) {
				require.NoError(t, admin.UpdateUserActive(ctx, u.ID, false))
				require.NoError(t, admin.UpdateUserActive(ctx, u.ID, true))
			},
		} {
			_, u := s.User(t, "u-"+name)
			in := atTerms(t, s, u.Username)
			change(u)
			_, err := s.Services.Auth.LoginTerms(ctx, &core.Caller{}, in.Token, in.Terms.ID, true)
			if !muster.HasID(err, expiredSignIn) {
				t.Errorf("%s: %v", name, err)
			}
		}
		in := atTerms(t, s, "admin")
		done, err := s.Services.Auth.LoginTerms(ctx, &core.Caller{IP: "192.0.2.1"}, in.Token, in.Terms.ID, true)
		require.NoError(t, err)
		works(t, bearer(s, done.Session.Token))
		if _, err := s.Services.Auth.LoginTerms(ctx, &core.Caller{}, in.Token, in.Terms.ID, true); !muster.HasID(err, expiredSignIn) {
			t.Errorf("a second time: %v", err)
		}
	})
}

// A new password and the last step of a sign-in by the old one, at the same moment: whichever is first, the old password leaves no session behind.
func TestANewPasswordBeatsASignInUnderWay(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin := askForTerms(t, s)
		_, u := s.User(t, "ann")
		for range 10 {
			require.NoError(t, admin.UpdateUserPassword(ctx, u.ID, "", testserver.Password))
			_, err := admin.CreateTerms(ctx, "be kind "+muster.NewID())
			require.NoError(t, err)
			in := atTerms(t, s, "ann")
			var done *auth.LoginFlow
			ends := together(2, func(i int) (err error) {
				if i == 0 {
					return admin.UpdateUserPassword(ctx, u.ID, "", newPassword)
				}
				done, err = s.Services.Auth.LoginTerms(ctx, &core.Caller{}, in.Token, in.Terms.ID, true)
				return err
			})
			require.NoError(t, ends[0])
			if ends[1] == nil {
				stopped(t, bearer(s, done.Session.Token))
			} else if !muster.HasID(ends[1], expiredSignIn) {
				t.Fatal(ends[1])
			}
			_, err = s.Client().Login(ctx, "ann", testserver.Password)
			refused(t, err, 401, badCredentials)
			_, err = s.Client().Login(ctx, "ann", newPassword)
			require.NoError(t, err)
		}
	})
}
