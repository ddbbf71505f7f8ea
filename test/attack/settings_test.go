package attack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/client"
	"muster/internal/config"
	"muster/internal/require"
	"muster/internal/testserver"
)

const (
	reenterSecret  = "api.config.patch_config.reenter_secret.app_error"
	unknownSetting = "api.config.patch_config.unknown_setting.app_error"
	notAvailable   = "api.config.patch_config.not_available.app_error"
	changed        = "api.config.patch_config.changed.app_error"
)

// newestPatch returns the newest line of the administrator's history about a patch.
func newestPatch(t *testing.T, s *testserver.Server, adminID string) string {
	t.Helper()
	audits, err := s.Store.Audits(t.Context(), adminID, 0, 100)
	require.NoError(t, err)
	for _, a := range audits {
		if strings.HasSuffix(a.Action, "/config/patch") {
			return a.ExtraInfo
		}
	}
	return ""
}

// An administrator who does not know the mail server's password has it sent to a server of theirs.
func TestTheMailPasswordIsNotSentElsewhere(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		s.Configure(t, `{"EmailSettings":{"SMTPServer":"mail.example.com","SMTPPort":"587","EnableSMTPAuth":true,"SMTPUsername":"muster","SMTPPassword":"hunter2"}}`)
		before, err := s.Store.LoadSettings(ctx)
		require.NoError(t, err)
		line := newestPatch(t, s, adminUser.ID)
		if strings.Contains(line, "hunter2") || !strings.Contains(line, "EmailSettings.SMTPPassword changed") || !strings.Contains(line, `EmailSettings.SMTPServer: "localhost" -> "mail.example.com"`) {
			t.Errorf("the history says %q", line)
		}
		another := s.Node(t, time.Now)
		elsewhere, _ := another.Admin(t)
		for _, by := range []*client.Client{admin, elsewhere} {
			for _, body := range []string{
				`{"EmailSettings":{"SMTPServer":"evil.example"}}`,
				`{"EmailSettings":{"SMTPServer":"evil.example","SMTPPassword":"` + config.SecretMask + `"}}`,
				`{"TeamSettings":{"SiteName":"Ours"},"EmailSettings":{"ConnectionSecurity":"TLS","SMTPPassword":null}}`,
				`{"EmailSettings":{"EnableSMTPAuth":false,"SMTPPort":"25"}}`,
			} {
				_, err := by.PatchConfig(ctx, json.RawMessage(body))
				if message := refused(t, err, http.StatusBadRequest, reenterSecret); !strings.Contains(message, "SMTPPassword") {
					t.Errorf("%s: %s", body, message)
				}
				_, err = by.TestEmail(ctx, json.RawMessage(body))
				refused(t, err, http.StatusBadRequest, "api.admin.test_email.reenter_password")
			}
		}
		after, err := s.Store.LoadSettings(ctx)
		require.NoError(t, err)
		if string(after.Document) != string(before.Document) || newestPatch(t, s, adminUser.ID) != line {
			t.Errorf("a refused patch left %s", after.Document)
		}
		s.Configure(t, `{"EmailSettings":{"SMTPServer":"other.example","SMTPPassword":"hunter2"}}`)
		s.Configure(t, `{"EmailSettings":{"SMTPServer":"third.example","SMTPPassword":""}}`)
	})
}

// A setting that is not there must not look as if it were turned on.
func TestSettingsThatDoNothingAreRefused(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, adminUser := s.Admin(t)
		for _, tc := range []struct{ body, id, says string }{
			{`{"PasswordSettings":{"MinimumLenght":12}}`, unknownSetting, "did you mean PasswordSettings.MinimumLength?"},
			{`{"passwordSettings":{"MinimumLength":12}}`, unknownSetting, "did you mean PasswordSettings?"},
			{`{"LdapSettings":{"Enable":true}}`, notAvailable, "LdapSettings.Enable is not available in this version."},
			{`{"SamlSettings":{"Enable":true}}`, notAvailable, "SamlSettings.Enable is not available in this version."},
			{`{"ServiceSettings":{"ExperimentalEnableHardenedMode":true}}`, notAvailable, "not available in this version."},
			{`{"ServiceSettings":{"ConnectionSecurity":"TLS"}}`, notAvailable, "Muster doesn't have."},
			{`{"PasswordSettings":{"MinimumLength":4}}`, "api.context.invalid_body_param.app_error", "PasswordSettings.MinimumLength must be 5 to 72."},
			{`{"TeamSettings":{"RestrictDirectMessage":"teams"}}`, "api.context.invalid_body_param.app_error", `must be one of "any", "team"; did you mean team?`},
		} {
			_, err := admin.PatchConfig(t.Context(), json.RawMessage(tc.body))
			if message := refused(t, err, http.StatusBadRequest, tc.id); !strings.Contains(message, tc.says) {
				t.Errorf("%s: %s", tc.body, message)
			}
		}
		kept, err := s.Store.LoadSettings(t.Context())
		require.NoError(t, err)
		if kept.Version != 0 || newestPatch(t, s, adminUser.ID) != "" {
			t.Errorf("a refused patch left %+v", kept)
		}
		shown, err := send(t.Context(), http.DefaultClient, http.MethodGet, s.URL+"/api/v4/config", nil, "Authorization", "Bearer "+admin.Token())
		require.NoError(t, err)
		if _, err := admin.PatchConfig(t.Context(), shown.body); err != nil {
			t.Errorf("what the server showed is refused: %v", err)
		}
	})
}

// Two administrators save at the same time, on two nodes that don't hear of each other.
func TestAdministratorsDoNotUndoEachOther(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		one, _ := s.Admin(t)
		two, _ := s.Node(t, time.Now).Admin(t)

		keys := [][]string{
			{"EnableBotAccountCreation", "EnableAPIUserDeletion", "EnableUserAccessTokens", "EnableMultifactorAuthentication", "TLSStrictTransport"},
			{"EnableDeveloper", "ExperimentalStrictCSRFEnforcement", "AllowCookiesForSubdomains", "EnableLocalMode"},
		}
		var all sync.WaitGroup
		for i, c := range []*client.Client{one, two} {
			for _, key := range keys[i] {
				all.Go(func() {
					if _, err := c.PatchConfig(ctx, fmt.Appendf(nil, `{"ServiceSettings":{%q:true}}`, key)); err != nil {
						t.Errorf("%s: %v", key, err)
					}
				})
			}
		}
		all.Wait()
		var tag string
		for i, c := range []*client.Client{one, two} {
			config, err := c.Config(ctx, client.IfNoneMatch(&tag)) // also what the other one changed last
			require.NoError(t, err)
			text, err := json.Marshal(testserver.Settings(t, config).ServiceSettings)
			require.NoError(t, err)
			for _, key := range append(keys[0], keys[1]...) {
				if !strings.Contains(string(text), fmt.Sprintf("%q:true", key)) {
					t.Errorf("node %d: %s is lost", i+1, key)
				}
			}
		}
		if tag != `"9"` {
			t.Errorf("tag %s after nine changes", tag)
		}

		_, err := one.PatchConfig(ctx, []byte(`{"TeamSettings":{"SiteName":"One"}}`), client.IfMatch(tag))
		require.NoError(t, err)
		_, err = two.PatchConfig(ctx, []byte(`{"TeamSettings":{"SiteName":"Two"}}`), client.IfMatch(tag))
		refused(t, err, http.StatusConflict, changed)
		config, err := two.Config(ctx, client.IfNoneMatch(&tag))
		require.NoError(t, err)
		if name := testserver.Settings(t, config).TeamSettings.SiteName; name != "One" {
			t.Errorf("the refused patch took effect: %s", name)
		}
		_, err = two.PatchConfig(ctx, []byte(`{"TeamSettings":{"SiteName":"Two"}}`), client.IfMatch(tag))
		require.NoError(t, err)
	})
}
