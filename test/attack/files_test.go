package attack_test

import (
	"net/http"
	"strings"
	"testing"

	"muster"
	"muster/internal/require"
	"muster/internal/testserver"
)

// Nothing that somebody uploaded runs in a browser, whatever it is called.
func TestUploadsAreNotRun(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		team, err := admin.CreateTeam(ctx, &muster.Team{Name: "gardeners", DisplayName: "Gardeners", Type: "O"})
		require.NoError(t, err)
		channel, err := admin.CreateChannel(ctx, &muster.Channel{TeamID: team.ID, Name: "roses", DisplayName: "Roses", Type: "O"})
		require.NoError(t, err)
		const script = "alert(1)"
		for name, served := range map[string]string{
			"a.js": "application/octet-stream", "a.mjs": "application/octet-stream", "a.html": "application/octet-stream", "a.svg": "application/octet-stream",
			"a.xml": "application/octet-stream", "a.xhtml": "application/octet-stream", "a.css": "application/octet-stream", "a.png": "image/png", "a.pdf": "application/pdf",
		} {
			u, err := admin.CreateUpload(ctx, &muster.Upload{ChannelID: channel.ID, Filename: name, FileSize: int64(len(script))})
			require.NoError(t, err)
			f, err := admin.ContinueUpload(ctx, u.ID, 0, []byte(script))
			require.NoError(t, err)
			got, err := send(ctx, http.DefaultClient, http.MethodGet, s.URL+"/api/v4/files/"+f.ID, nil, "Authorization", "Bearer "+admin.Token())
			require.NoError(t, err)
			h := got.header
			if h.Get("Content-Type") != served || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") ||
				!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || string(got.body) != script {
				t.Errorf("%s: %v", name, h)
			}
		}
	})
}

// What is about a person, and secrets above all, stays in no cache.
func TestAnswersAboutPeopleAreNotStored(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, u := s.Admin(t)
		s.Configure(t, `{"ServiceSettings":{"EnableMultifactorAuthentication":true,"EnableUserAccessTokens":true}}`)
		for _, c := range []struct {
			method, path string
			body         any
		}{
			{http.MethodGet, "/users/me", nil}, {http.MethodGet, "/users", nil}, {http.MethodGet, "/users/" + u.ID + "/sessions", nil},
			{http.MethodPost, "/users/me/mfa/generate", nil}, {http.MethodPost, "/users/me/tokens", map[string]string{"description": "x"}},
			{http.MethodPost, "/users/login", map[string]string{"login_id": u.Username, "password": testserver.Password}},
			{http.MethodPost, "/users/mfa", map[string]string{"login_id": u.Username}}, {http.MethodGet, "/users/nobody", nil},
		} {
			got, err := send(t.Context(), clientFrom("127.0.16.1"), c.method, s.URL+"/api/v4"+c.path, c.body, "Authorization", "Bearer "+admin.Token())
			require.NoError(t, err)
			if there := c.path != "/users/nobody"; got.status < http.StatusMultipleChoices != there || !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
				t.Errorf("%s %s: %d, %q", c.method, c.path, got.status, got.header.Get("Cache-Control"))
			}
		}
	})
}
