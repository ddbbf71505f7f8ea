package config

import (
	"fmt"
	"strings"
	"testing"

	"muster"
	"muster/internal/message"
)

// errorOf returns the id and the message of an API error.
func errorOf(t *testing.T, err error) (id, text string) {
	t.Helper()
	if err == nil {
		t.Fatal("not refused")
	}
	e := muster.AsError(err)
	return e.ID, message.Of(e)
}

func TestPatchErrorMessages(t *testing.T) {
	const badValue = "api.context.invalid_body_param.app_error"
	for _, tc := range []struct{ body, id, message string }{
		{`{"TeamSettings":{"EnableOpenServer":"yes"}}`, badValue, "TeamSettings.EnableOpenServer must be true or false."},
		{`{"PasswordSettings":{"MinimumLength":4}}`, badValue, "PasswordSettings.MinimumLength must be 5 to 72."},
		{`{"PasswordSettings":{"MinimumLength":"8"}}`, badValue, "PasswordSettings.MinimumLength must be a whole number, 5 to 72."},
		{`{"EmailSettings":{"ConnectionSecurity":"STARTLS"}}`, badValue, `EmailSettings.ConnectionSecurity must be one of "", "TLS", "STARTTLS"; did you mean STARTTLS?`},
		{`{"ServiceSettings":{"SiteURL":"id.example.com"}}`, badValue, "ServiceSettings.SiteURL must be an http or https URL with a host, or empty."},
		{`{"TeamSettings":1}`, badValue, "TeamSettings must be an object of settings."},
		{`[]`, badValue, "The request body must be an object of sections."},
		{`{"SqlSettings":{"DataSource":"postgres://elsewhere/muster"}}`, badValue, "SqlSettings.DataSource is read before the database is opened; set it by file, variable or flag."},
		{`{"TeamSettings":{"SiteNam":"x"}}`, unknownSettingID, "TeamSettings.SiteNam is not a setting; did you mean TeamSettings.SiteName?"},
		{`{"TeamSettings":{"sitename":"x"}}`, unknownSettingID, "TeamSettings.sitename is not a setting; did you mean TeamSettings.SiteName?"},
		{`{"teamsettings":{"SiteName":"x"}}`, unknownSettingID, "teamsettings is not a section; did you mean TeamSettings?"},
		{`{"ServiceSettings":{"SiteName":"x"}}`, unknownSettingID, "ServiceSettings.SiteName is not a setting; did you mean TeamSettings.SiteName?"},
		{`{"TeamSettings":{"Zzyzx":null}}`, unknownSettingID, "TeamSettings.Zzyzx is not a setting."},
		{`{"TeamSettings":{"a\nb":1}}`, unknownSettingID, "TeamSettings.a\uFFFDb is not a setting."},
		{`{"ServiceSettings":{"ReadTimeout":10}}`, notAvailableID, "ServiceSettings.ReadTimeout is a setting of the reference server that Muster doesn't have."},
		{`{"LdapSettings":{"Enable":true}}`, notAvailableID, "LdapSettings.Enable is not available in this version."},
		{`{"SamlSettings":{"Enable":true}}`, notAvailableID, "SamlSettings.Enable is not available in this version."},
		{`{"ServiceSettings":{"ExperimentalEnableHardenedMode":true}}`, notAvailableID, "ServiceSettings.ExperimentalEnableHardenedMode is not available in this version."},
		{`{"ServiceSettings":{"SessionCacheInMinutes":11}}`, notAvailableID, "ServiceSettings.SessionCacheInMinutes is not available in this version."},
	} {
		saver := &memory{}
		live := newAttached(t, Options{}, saver)
		_, err := patch(live, tc.body)
		if id, message := errorOf(t, err); id != tc.id || message != tc.message {
			t.Errorf("%s:\ngot  %s %q\nwant %s %q", tc.body, id, message, tc.id, tc.message)
		}
		if saver.stored.Version != 0 || len(saver.audits) != 0 {
			t.Errorf("%s: saved %s, %v", tc.body, saver.text(), saver.audits)
		}
	}
	long := strings.Repeat("é", 100_000)
	if _, message := errorOf(t, func() error {
		_, err := patch(newAttached(t, Options{}, &memory{}), `{"TeamSettings":{"`+long+`":1}}`)
		return err
	}()); len(message) > 300 {
		t.Errorf("a long key makes a message of %d bytes", len(message))
	}
}

// Clients of the reference server send back all of its settings.
func TestPatchAcceptsDefaultsOfUnsupportedSettings(t *testing.T) {
	for _, body := range []string{
		`{"ServiceSettings":{"ReadTimeout":300,"AllowedUntrustedInternalConnections":null},"JobSettings":{"RunJobs":true},"FeatureFlags":{"Any":null},"ClusterSettings":null}`,
		`{"LdapSettings":{"Enable":false},"SamlSettings":{"Verify":true},"ServiceSettings":{"SessionCacheInMinutes":10}}`,
	} {
		saver := &memory{}
		if _, err := patch(newAttached(t, Options{}, saver), body); err != nil || saver.stored.Version != 0 {
			t.Errorf("%s: %v, saved %s", body, err, saver.text())
		}
	}
	pinned := newAttached(t, Options{File: write(t, `{"FileSettings":{"InitialFont":"other.ttf"}}`)}, &memory{})
	for _, body := range []string{`{"FileSettings":{"InitialFont":"other.ttf"}}`, `{"FileSettings":{"InitialFont":"nunito-bold.ttf"}}`} {
		if _, err := patch(pinned, body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

const mailServer = `"SMTPServer":"mail.example.com","SMTPPort":"587","ConnectionSecurity":"STARTTLS","EnableSMTPAuth":true,"SMTPUsername":"muster"`

func TestSecretIsOnlySentWhereItWasEnteredFor(t *testing.T) {
	stored := []string{`{"EmailSettings":{` + mailServer + `,"SMTPPassword":"hunter2"}}`}
	mask := SecretMask
	for _, tc := range []struct {
		name    string
		file    string
		environ []string
		patches []string // only the last one is refused
		refused bool
	}{
		{"server", "", nil, []string{`{"EmailSettings":{"SMTPServer":"evil.example"}}`}, true},
		{"port", "", nil, []string{`{"EmailSettings":{"SMTPPort":"2525"}}`}, true},
		{"port spelled differently", "", nil, []string{`{"EmailSettings":{"SMTPPort":"0587"}}`}, true},
		{"server spelled differently", "", nil, []string{`{"EmailSettings":{"SMTPServer":"MAIL.example.com"}}`}, true},
		{"security", "", nil, []string{`{"EmailSettings":{"ConnectionSecurity":""}}`}, true},
		{"username", "", nil, []string{`{"EmailSettings":{"SMTPUsername":"else"}}`}, true},
		{"certificate", "", nil, []string{`{"EmailSettings":{"SkipServerCertificateVerification":true}}`}, true},
		{"with the mask", "", nil, []string{`{"EmailSettings":{"SMTPServer":"evil.example","SMTPPassword":"` + mask + `"}}`}, true},
		{"with the mask escaped", "", nil, []string{`{"EmailSettings":{"SMTPServer":"evil.example","SMTPPassword":"\u002a` + mask[1:] + `"}}`}, true},
		{"with null", "", nil, []string{`{"EmailSettings":{"SMTPServer":"evil.example","SMTPPassword":null}}`}, true},
		{"with null after another", "", nil, []string{`{"EmailSettings":{"SMTPServer":"evil.example","SMTPPassword":"x","SMTPPassword":null}}`}, true},
		{"among other sections", "", nil, []string{`{"TeamSettings":{"SiteName":"x"},"EmailSettings":{"SMTPServer":"evil.example"},"PrivacySettings":null}`}, true},
		{"sections twice", "", nil, []string{`{"EmailSettings":{"SMTPServer":"evil.example"},"EmailSettings":{"EnableSMTPAuth":true}}`}, true},
		{"after turning sign-in off", "", nil, []string{`{"EmailSettings":{"EnableSMTPAuth":false}}`, `{"EmailSettings":{"SMTPServer":"evil.example"}}`}, true},
		{"password of the file", `{"EmailSettings":{` + mailServer + `,"SMTPPassword":"hunter2"}}`, nil, []string{`{"EmailSettings":{"SMTPServer":"evil.example"}}`}, true},
		{"password of a variable", "", []string{"MUSTER_EMAILSETTINGS_SMTPPASSWORD=hunter2"}, []string{`{"EmailSettings":{"SMTPServer":"evil.example","SMTPPassword":"mine"}}`}, true},
		{"behind a variable", "", []string{"MUSTER_EMAILSETTINGS_SMTPSERVER=relay.example.com"}, []string{`{"EmailSettings":{"SMTPServer":"evil.example"}}`}, true},
		{"password entered", "", nil, []string{`{"EmailSettings":{"SMTPServer":"other.example","SMTPPassword":"new"}}`}, false},
		{"same password entered", "", nil, []string{`{"EmailSettings":{"SMTPServer":"other.example","SMTPPassword":"hunter2"}}`}, false},
		{"password cleared", "", nil, []string{`{"EmailSettings":{"SMTPServer":"other.example","SMTPPassword":""}}`}, false},
		{"password cleared before", "", nil, []string{`{"EmailSettings":{"SMTPPassword":""}}`, `{"EmailSettings":{"SMTPServer":"other.example"}}`}, false},
		{"nothing changed", "", nil, []string{`{"EmailSettings":{` + mailServer + `,"SMTPPassword":"` + mask + `","FeedbackName":"We"}}`}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Options{Environ: tc.environ}
			before := stored
			if tc.file != "" {
				o.File, before = write(t, tc.file), nil
			}
			live := newAttached(t, o, &memory{})
			for _, body := range append(before, tc.patches[:len(tc.patches)-1]...) {
				if _, err := patch(live, body); err != nil {
					t.Fatalf("%s: %v", body, err)
				}
			}
			was := live.Current()
			last := tc.patches[len(tc.patches)-1]
			_, previewErr := live.Preview([]byte(last))
			_, err := patch(live, last)
			if !tc.refused {
				if err != nil || previewErr != nil {
					t.Fatal(err, previewErr)
				}
				return
			}
			if id, message := errorOf(t, err); id != ReenterSecretID || !strings.HasPrefix(message, "EmailSettings.SMTPPassword ") {
				t.Fatalf("%s %q", id, message)
			}
			if live.Current() != was {
				t.Error("a refused patch changed something")
			}
			if len(tc.environ) == 0 && !muster.HasID(previewErr, ReenterSecretID) { // Preview overrides variables
				t.Errorf("preview: %v", previewErr)
			}
		})
	}
}

// Two nodes share a database.
func TestNodesKeepEachOthersChanges(t *testing.T) {
	saver := &memory{}
	one, two := newAttached(t, Options{}, saver), newAttached(t, Options{}, saver)
	if _, err := patch(one, `{"TeamSettings":{"SiteName":"One"}}`); err != nil {
		t.Fatal(err)
	}
	c, err := patch(two, `{"TeamSettings":{"MaxUsersPerTeam":2}}`)
	if err != nil || c.TeamSettings.SiteName != "One" || c.TeamSettings.MaxUsersPerTeam != 2 {
		t.Fatalf("%v: %+v", err, c.TeamSettings)
	}
	_, tag := one.CurrentWithETag()
	_, err = patch(one, `{"TeamSettings":{"SiteName":"Mine"}}`, tag)
	if id, _ := errorOf(t, err); id != changedID || !muster.IsKind(err, muster.Conflict) {
		t.Fatalf("%v", err)
	}
	if got := one.Current().TeamSettings; got.SiteName != "One" || got.MaxUsersPerTeam != 2 {
		t.Errorf("after the refusal, the node that was behind has %+v", got)
	}
	for _, name := range []string{"My", "Mine"} {
		_, tag = one.CurrentWithETag()
		if _, err := patch(one, fmt.Sprintf(`{"TeamSettings":{"SiteName":%q}}`, name), `"other"`, "W/"+tag); err != nil {
			t.Error(err)
		}
	}
	if _, err := patch(one, `{}`, "*"); err != nil {
		t.Error(err)
	}
	_, tag = one.CurrentWithETag()
	if err := two.Refresh(t.Context()); err != nil || two.Current().TeamSettings.SiteName != "Mine" {
		t.Errorf("%v: %+v", err, two.Current().TeamSettings)
	}
	if _, now := two.CurrentWithETag(); now != tag {
		t.Errorf("tags %s and %s", now, tag)
	}
}

// The destination stored in the database counts, not the one that this node remembers.
func TestSecretDestinationIsReadFromDatabase(t *testing.T) {
	saver := &memory{}
	one, two := newAttached(t, Options{}, saver), newAttached(t, Options{}, saver)
	if _, err := patch(one, `{"EmailSettings":{`+mailServer+`,"SMTPPassword":"hunter2"}}`); err != nil {
		t.Fatal(err)
	}
	_, err := patch(two, `{"EmailSettings":{"SMTPServer":"evil.example"}}`)
	if id, _ := errorOf(t, err); id != ReenterSecretID {
		t.Error(err)
	}
}

func TestAttachIgnoresUnsupportedSettings(t *testing.T) {
	saver := &memory{stored: Stored{Document: []byte(`{"LdapSettings":{"Enable":true},"TeamSettings":{"SiteName":"Ours","Later":1},"Later":{}}`), Version: 3}}
	live, _, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := live.Attach(t.Context(), saver)
	if err != nil || fmt.Sprint(warnings) != "[the database contains settings that this version ignores: LdapSettings.Enable]" {
		t.Fatal(warnings, err)
	}
	if c := live.Current(); c.LdapSettings.Enable || c.TeamSettings.SiteName != "Ours" {
		t.Errorf("%+v", c)
	}
}

func TestDescribe(t *testing.T) {
	saver := &memory{}
	live := newAttached(t, Options{}, saver)
	long := strings.Repeat("é", 1000)
	for _, body := range []string{
		`{"EmailSettings":{"SMTPPassword":"hunter2"},"TeamSettings":{"MaxUsersPerTeam":3,"RestrictCreationToDomains":"` + long + `"}}`,
		`{"EmailSettings":{"SMTPPassword":"other"}}`,
		`{"EmailSettings":{"SMTPPassword":""}}`,
		`{}`,
	} {
		if _, err := patch(live, body); err != nil {
			t.Fatal(err)
		}
	}
	got := saver.audits
	want := []string{
		`config patched; TeamSettings.RestrictCreationToDomains: "" -> "` + long[:2*63] + `…; TeamSettings.MaxUsersPerTeam: 50 -> 3; EmailSettings.SMTPPassword changed`,
		"config patched; EmailSettings.SMTPPassword changed",
		"config patched; EmailSettings.SMTPPassword removed",
		"config patched: nothing changed",
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDescriptionIsBounded(t *testing.T) {
	var all []Change
	for _, s := range Settings() {
		all = append(all, Change{s, strings.Repeat("old", 100), strings.Repeat("new", 100)})
	}
	if got := Describe(all); len(got) > maxDescriptionBytes+50 || !strings.Contains(got, "more") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}
