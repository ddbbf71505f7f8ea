package attack_test

import (
	"net/http"
	"testing"

	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

const mustAccept = "api.context.terms_of_service_required.app_error"

// Before, only the pages asked for the terms of service: who signed in by the API never had to accept them.
func TestTermsHoldForSessionsOfTheAPI(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := tokenMaker(t, s, "ann")
		program := withToken(t, s, ann)
		admin, _ := s.Admin(t)
		s.Configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnabled":true}}`)
		first, err := admin.CreateTerms(ctx, "Be kind.")
		require.NoError(t, err)
		works(t, ann)
		if _, err := ann.Users(ctx, client.UsersQuery{}); err != nil {
			t.Errorf("by default that is for clients to see to: %v", err)
		}
		s.Configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnforcedInAPI":true}}`)
		for who, c := range map[string]*client.Client{"a user": ann, "an administrator": admin} {
			_, err := c.Users(ctx, client.UsersQuery{})
			refusedWith(t, who+" lists people", err, http.StatusForbidden, mustAccept)
			_, err = c.CreateDirectChannel(ctx, client.Me, client.Me)
			refusedWith(t, who+" makes a channel", err, http.StatusForbidden, mustAccept)
		}
		_, err = ann.User(ctx, first.UserID)
		refusedWith(t, "another account", err, http.StatusForbidden, mustAccept)
		if _, err := program.Users(ctx, client.UsersQuery{}); err != nil {
			t.Errorf("access tokens are not asked: %v", err)
		}
		works(t, ann) // what accepting needs
		terms, err := ann.Terms(ctx)
		require.NoError(t, err)
		_, err = ann.ClientConfig(ctx)
		require.NoError(t, err)
		require.NoError(t, ann.AcceptTerms(ctx, client.Me, terms.ID, true))
		if _, err := ann.Users(ctx, client.UsersQuery{}); err != nil {
			t.Error(err)
		}
		require.NoError(t, admin.AcceptTerms(ctx, client.Me, terms.ID, true))
		_, err = admin.CreateTerms(ctx, "Be kinder.")
		require.NoError(t, err)
		_, err = ann.Users(ctx, client.UsersQuery{})
		refusedWith(t, "new terms", err, http.StatusForbidden, mustAccept)
		require.NoError(t, ann.Logout(ctx))
	})
}
