package api_test

import (
	"net/url"
	"testing"

	"muster/client"
	"muster/internal/testserver"
)

// PostgreSQL holds no NUL and nothing but UTF-8: such a text in a request is the request's fault on every database.
func TestTextThatNoDatabaseHoldsIsRefused(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, me := s.Admin(t)
		for _, bad := range []string{"\x00", "\xff"} {
			for path, names := range map[string][]string{
				"/users":                {"in_team", "not_in_channel", "in_group", "role"},
				"/groups":               {"group_source", "filter_has_member", "not_associated_to_team", "not_associated_to_channel", "q"},
				"/users/autocomplete":   {"in_team", "name"},
				"/users/stats/filtered": {"in_team"},
			} {
				for _, name := range names {
					_, err := admin.Do(t.Context(), &client.Request{Method: "GET", Path: path, Query: url.Values{name: {bad}}})
					refused(t, err, 400, "api.context.invalid_url_param.app_error")
				}
			}
		}
		for _, r := range []client.Request{
			{Method: "POST", Path: "/users/search", Body: []byte(`{"term":"a","team_id":"\u0000"}`)},
			{Method: "POST", Path: "/users/search", Body: []byte(`{"term":"a","in_channel_id":"\u0000"}`)},
			{Method: "POST", Path: "/channels", Body: []byte(`{"team_id":"\u0000","name":"abc","display_name":"x","type":"O"}`)},
			{Method: "POST", Path: "/uploads", Body: []byte(`{"channel_id":"\u0000","filename":"a","file_size":1}`)},
			{Method: "PUT", Path: "/users/" + me.ID + "/auth", Body: []byte(`{"auth_service":"saml","auth_data":"a\u0000b"}`)},
		} {
			if resp, err := admin.Do(t.Context(), &r); resp.StatusCode >= 500 {
				t.Errorf("%s %s %s: %v", r.Method, r.Path, r.Body, err)
			}
		}
	})
}
