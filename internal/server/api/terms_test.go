package api_test

import (
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

const (
	termsOn        = `{"SupportSettings":{"CustomTermsOfServiceEnabled":true}}`
	termsMissing   = "app.terms_of_service.get.no_rows.app_error"
	termsUnsettled = "app.user_terms_of_service.get_by_user.no_rows.app_error"
	invalidBody    = "api.context.invalid_body_param.app_error"
)

func makeTerms(t *testing.T, by *client.Client, text string) *muster.TermsOfService {
	t.Helper()
	terms, err := by.CreateTerms(t.Context(), text)
	require.NoError(t, err)
	return terms
}

func TestTermsOfServiceAreWrittenByAdministratorsWhereTheyAreTurnedOn(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		ann, _ := s.User(t, "ann")
		_, err := admin.CreateTerms(ctx, "Be kind.")
		refused(t, err, 400, "api.create_terms_of_service.custom_terms_of_service_disabled.app_error")
		s.Configure(t, termsOn)
		_, err = ann.Terms(ctx)
		refused(t, err, 404, termsMissing)
		_, err = ann.CreateTerms(ctx, "Be kind.")
		refused(t, err, 403, noPermission)
		_, err = admin.CreateTerms(ctx, "")
		refused(t, err, 400, "api.create_terms_of_service.empty_text.app_error")
		_, err = admin.CreateTerms(ctx, strings.Repeat("ü", muster.TermsTextMaxRunes+1))
		refused(t, err, 400, "model.terms_of_service.is_valid.text.app_error")
		_, err = ann.Terms(ctx)
		refused(t, err, 404, termsMissing)

		long := makeTerms(t, admin, strings.Repeat("ü", muster.TermsTextMaxRunes))
		if again := makeTerms(t, admin, long.Text); *again != *long {
			t.Error("the same text is another version")
		}
		kind := makeTerms(t, admin, "Be kind.")
		if kind.ID == long.ID || kind.UserID != adminUser.ID || kind.Text != "Be kind." {
			t.Errorf("%+v", kind)
		}
		onRecord(t, s, adminUser.ID, "/terms_of_service", "terms_of_service_id="+kind.ID)
		now, err := ann.Terms(ctx)
		if err != nil || *now != *kind {
			t.Errorf("in force is %+v (%v)", now, err)
		}
		back := makeTerms(t, admin, long.Text) // what was in force once is a new version again
		if now, err = ann.Terms(ctx); err != nil || now.ID != back.ID || back.ID == long.ID {
			t.Errorf("in force is %+v (%v)", now, err)
		}
	})
}

func TestTermsOfServiceAreAcceptedAndDeclined(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		ann, me := s.User(t, "ann")
		bob, bobUser := s.User(t, "bob")
		s.Configure(t, termsOn)
		terms := makeTerms(t, admin, "Be kind.")
		_, err := ann.AcceptedTerms(ctx, client.Me)
		refused(t, err, 404, termsUnsettled)
		refused(t, ann.AcceptTerms(ctx, client.Me, muster.NewID(), true), 404, termsMissing)
		refused(t, ann.AcceptTerms(ctx, client.Me, "x", true), 400, invalidBody)

		s.ForgetEvents()
		require.NoError(t, ann.AcceptTerms(ctx, client.Me, terms.ID, true))
		got, err := ann.AcceptedTerms(ctx, me.ID)
		if err != nil || got.UserID != me.ID || got.TermsOfServiceID != terms.ID || got.CreateAt < terms.CreateAt {
			t.Fatalf("%+v (%v)", got, err)
		}
		u, err := ann.Me(ctx)
		if err != nil || u.TermsOfServiceID != terms.ID || u.TermsOfServiceCreateAt != got.CreateAt {
			t.Errorf("%+v (%v)", u, err)
		}
		if n := len(s.Events(muster.EventUserUpdated)); n != 3 {
			t.Errorf("%d user_updated", n)
		}
		onRecord(t, s, me.ID, "/users/me/terms_of_service", "termsOfServiceId="+terms.ID+" accepted")
		_, err = bob.AcceptedTerms(ctx, me.ID) // below whatever id, it is about the caller
		refused(t, err, 404, termsUnsettled)
		require.NoError(t, bob.AcceptTerms(ctx, me.ID, terms.ID, false))
		if kept, err := ann.AcceptedTerms(ctx, me.ID); err != nil || *kept != *got {
			t.Errorf("bob took it back: %+v (%v)", kept, err)
		}
		onRecord(t, s, bobUser.ID, "/terms_of_service", "termsOfServiceId="+terms.ID+" rejected")

		newer := makeTerms(t, admin, "Be kinder.")
		if kept, err := ann.AcceptedTerms(ctx, client.Me); err != nil || kept.TermsOfServiceID != terms.ID {
			t.Errorf("of the older version: %+v (%v)", kept, err)
		}
		require.NoError(t, ann.AcceptTerms(ctx, client.Me, newer.ID, true))
		if kept, err := ann.AcceptedTerms(ctx, client.Me); err != nil || kept.TermsOfServiceID != newer.ID {
			t.Errorf("%+v (%v)", kept, err)
		}
		require.NoError(t, ann.AcceptTerms(ctx, client.Me, newer.ID, false))
		_, err = ann.AcceptedTerms(ctx, client.Me)
		refused(t, err, 404, termsUnsettled)
		u, err = ann.Me(ctx)
		if err != nil || u.TermsOfServiceID != "" || u.TermsOfServiceCreateAt != 0 {
			t.Errorf("%+v (%v)", u, err)
		}
		onRecord(t, s, me.ID, "/terms_of_service", "termsOfServiceId="+newer.ID+" rejected")
		_, err = s.Client().AcceptedTerms(ctx, client.Me)
		refused(t, err, 401, "api.context.session_expired.app_error")
	})
}

func TestTermsOfServiceAreAcceptedInEverySpelling(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, _ := s.Admin(t)
		ann, _ := s.User(t, "ann")
		s.Configure(t, termsOn)
		terms := makeTerms(t, admin, "Be kind.")
		for body, want := range map[string]int{
			`{"termsOfServiceId":"ID","accepted":true}`:    200,
			`{"termsOfServiceId":"ID","accepted":"true"}`:  200,
			`{"serviceTermsId":"ID","accepted":"true"}`:    200,
			`{"termsOfServiceId":"ID","accepted":"false"}`: 404,
			`{"termsOfServiceId":"ID","accepted":false}`:   404,
			`{"termsOfServiceId":"ID"}`:                    404,
			`{"termsOfServiceId":"ID","accepted":"yes"}`:   400,
			`{"termsOfServiceId":"ID","accepted":1}`:       400,
			`{"accepted":true}`:                            400,
			`["ID"]`:                                       400,
		} {
			require.NoError(t, ann.AcceptTerms(t.Context(), client.Me, terms.ID, want != 200)) // so that each has something to change
			headers := map[string]string{"Authorization": "Bearer " + ann.Token()}
			status := rawRequest(t, s, "POST", "/users/me/terms_of_service", strings.Replace(body, "ID", terms.ID, 1), headers).StatusCode
			if status == 200 {
				status = rawRequest(t, s, "GET", "/users/me/terms_of_service", "", headers).StatusCode
			}
			if status != want {
				t.Errorf("%s: %d, want %d", body, status, want)
			}
		}
	})
}

func TestTermsOfServiceAreToBeAcceptedAnewAfterTheirPeriod(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		s.User(t, "ann")
		s.Configure(t, `{"SupportSettings":{"CustomTermsOfServiceEnabled":true,"CustomTermsOfServiceReAcceptancePeriod":2},"ServiceSettings":{"SessionLengthWebInHours":1000}}`)
		terms := makeTerms(t, admin, "Be kind.")
		n := otherNode(t, s, 0)
		c := n.Client()
		_, err := c.Login(ctx, "ann", testserver.Password)
		require.NoError(t, err)
		require.NoError(t, c.AcceptTerms(ctx, client.Me, terms.ID, true))
		n.pass(48*time.Hour - time.Millisecond)
		_, err = c.AcceptedTerms(ctx, client.Me)
		require.NoError(t, err)
		n.pass(time.Millisecond)
		_, err = c.AcceptedTerms(ctx, client.Me)
		refused(t, err, 404, termsUnsettled)
		require.NoError(t, c.AcceptTerms(ctx, client.Me, terms.ID, true))
		_, err = c.AcceptedTerms(ctx, client.Me)
		require.NoError(t, err)
	})
}
