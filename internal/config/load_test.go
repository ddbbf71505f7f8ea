package config

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "muster.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSourcesAreMergedKeyByKey(t *testing.T) {
	file := write(t, `{"TeamSettings": {"SiteName": "File", "MaxUsersPerTeam": 1, "RestrictDirectMessage": "team"},
		"ServiceSettings": {"TrustedProxyIPHeader": ["X-A"], "SiteURL": null}, "SupportSettings": null,
		"SqlSettings": {"DataSource": "`+SecretMask+`"}}`)
	environ := []string{
		"HOME=/root", "MUSTER_TEAMSETTINGS_SITENAME=Variable", "MUSTER_TEAMSETTINGS_MAXUSERSPERTEAM=2",
		"MUSTER_SERVICESETTINGS_TRUSTEDPROXYIPHEADER=X-B, X-C", "MUSTER_SERVICESETTINGS_SITEURL=http://a=b",
	}
	live, warnings, err := Load(Options{File: file, Environ: environ, Flags: map[string]string{"TeamSettings.SiteName": "Flag"}})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	want := Default()
	want.TeamSettings.SiteName = "Flag"
	want.TeamSettings.MaxUsersPerTeam = 2
	want.TeamSettings.RestrictDirectMessage = "team"
	want.ServiceSettings.TrustedProxyIPHeader = []string{"X-B", "X-C"}
	want.ServiceSettings.SiteURL = "http://a=b"
	if got := live.Current(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestLoadWithoutSources(t *testing.T) {
	live, warnings, err := Load(Options{})
	if err != nil || len(warnings) > 0 || !reflect.DeepEqual(live.Current(), Default()) {
		t.Errorf("%v, %v, %+v", err, warnings, live.Current())
	}
}

func TestIgnoredKeysAreWarnedAboutOnce(t *testing.T) {
	live, warnings, err := Load(Options{
		File: "testdata/reference_like.json",
		Environ: []string{
			"MUSTER_LDAPSETTINGS_ENABLE=false", "MUSTER_SERVICESETTINGS_READTIMEOUT=300", "MUSTER_SERVICESETTINGS_WRITETIMEOUT=1", // the second is no default
			"MUSTER_SERVICESETTINGS_SESSIONCACHEINMINUTES=11", "MUSTER_SERVICE_HOST=10.0.0.1", "OTHER=x",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	const ignored = " contains settings that this version ignores: "
	want := []string{
		"testdata/reference_like.json" + ignored + "FeatureFlags.AFlag, LdapSettings.LoginFieldName, ServiceSettings.ConnectionSecurity",
		"the environment" + ignored + "MUSTER_SERVICESETTINGS_SESSIONCACHEINMINUTES, MUSTER_SERVICESETTINGS_WRITETIMEOUT, MUSTER_SERVICE_HOST",
	}
	if !slices.Equal(warnings, want) {
		t.Errorf("got  %q\nwant %q", warnings, want)
	}
	c := live.Current()
	if c.ServiceSettings.SiteURL != "https://chat.example.com" || c.ServiceSettings.ListenAddress != ":8065" ||
		!c.ServiceSettings.EnableMultifactorAuthentication || c.LogSettings.ConsoleLevel != "DEBUG" {
		t.Errorf("a key of the file is lost: %+v", c)
	}
}

// A file with all keys of the reference server at their defaults loads without a warning.
func TestReferenceServersFileLoads(t *testing.T) {
	whole := map[string]map[string]any{}
	add := func(section, name string, v any) {
		if whole[section] == nil {
			whole[section] = map[string]any{}
		}
		whole[section][name] = v
	}
	for _, s := range Settings() {
		add(s.Section, s.Name, s.Get(Default()))
	}
	for section, keys := range reference {
		for name, v := range keys {
			add(section, name, v)
		}
	}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	live, warnings, err := Load(Options{File: write(t, string(text))})
	if err != nil || len(warnings) > 0 || !reflect.DeepEqual(live.Current(), Default()) {
		t.Errorf("%v, %v", err, warnings)
	}
}

func TestReferenceSettingsExcludeOwn(t *testing.T) {
	for section, keys := range reference {
		for name := range keys {
			if byKey[section][name] != nil {
				t.Errorf("%s.%s is a setting of Muster, too: remove it from reference_settings.json", section, name)
			}
		}
	}
}

func TestLoadRefusesBadFiles(t *testing.T) {
	cases := []struct{ name, file, want string }{
		{"wrong type", "{\n \"TeamSettings\": {\"MaxUsersPerTeam\": \"50\"}}", "2:38: TeamSettings.MaxUsersPerTeam: must be a whole number, 1 to 10000000"},
		{"a fraction", `{"TeamSettings":{"MaxUsersPerTeam":1.5}}`, "1:36: TeamSettings.MaxUsersPerTeam: must be a whole number, 1 to 10000000"},
		{"too large a number", `{"TeamSettings":{"MaxUsersPerTeam":99999999999999999999}}`, "1:36: TeamSettings.MaxUsersPerTeam: must be a whole number, 1 to 10000000"},
		{"out of range", "{\"TeamSettings\":\n\t{\"MaxUsersPerTeam\"\n:\n   0 }}", "4:4: TeamSettings.MaxUsersPerTeam: must be 1 to 10000000"},
		{"bool as string", `{"TeamSettings":{"EnableOpenServer":"true"}}`, "1:37: TeamSettings.EnableOpenServer: must be true or false"},
		{"list as string", `{"ServiceSettings":{"TrustedProxyIPHeader":"X"}}`, "1:44: ServiceSettings.TrustedProxyIPHeader: must be a list of strings"},
		{"columns in characters", `{"TeamSettings":{"SiteName":"éé","MaxUsersPerTeam":true}}`, "1:52: TeamSettings.MaxUsersPerTeam: must be a whole number, 1 to 10000000"},
		{"not one of", `{"TeamSettings":{"RestrictDirectMessage":"all"}}`, `1:42: TeamSettings.RestrictDirectMessage: must be one of "any", "team"`},
		{"misspelt key", `{"TeamSettings":{"SitName":"x"}}`, "1:28: TeamSettings.SitName: is not a setting; did you mean TeamSettings.SiteName?"},
		{"letter case", `{"TeamSettings":{"siteName":"x"}}`, "1:29: TeamSettings.siteName: is not a setting; did you mean TeamSettings.SiteName?"},
		{"misspelt section", `{"TeamSetting":{}}`, "1:16: TeamSetting: is not a section; did you mean TeamSettings?"},
		{"unknown key", `{"TeamSettings":{"Zzyzx":1}}`, "1:26: TeamSettings.Zzyzx: is not a setting"},
		{"switch without effect", `{"LdapSettings":{"Enable":true}}`, "1:27: LdapSettings.Enable: is not available in this version"},
		{"not quite one of", `{"TeamSettings":{"RestrictDirectMessage":"Team"}}`, `1:42: TeamSettings.RestrictDirectMessage: must be one of "any", "team"; did you mean team?`},
		{"section is no object", `{"TeamSettings": []}`, "1:18: TeamSettings: must be an object of settings"},
		{"file is no object", "\n[]", "1:1: must be an object of sections"},
		{"empty file", "", "1:1: is not JSON: unexpected end of JSON input"},
		{"broken JSON", "{\"TeamSettings\": {\n  \"SiteName\": x}}", "2:15: is not JSON: invalid character 'x' looking for beginning of value"},
		{"two documents", "{}\n{}", "2:1: is not JSON: invalid character '{' after top-level value"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			path := write(t, tc.file)
			live, _, err := Load(Options{File: path})
			if err == nil {
				t.Fatalf("loaded as %+v", live.Current())
			}
			if got := err.Error(); got != path+":"+tc.want {
				t.Errorf("got  %s\nwant %s", got, path+":"+tc.want)
			}
		})
	}
}

func TestLoadNamesBadValuesWithoutShowingThem(t *testing.T) {
	path := write(t, `{"TeamSettings":{"MaxUsersPerTeam":0,"TeammateNameDisplay":"sensitive"},"SqlSettings":{"DataSource":"mysql://sensitive"}}`)
	_, _, err := Load(Options{
		File: path,
		Environ: []string{"MUSTER_TEAMSETTINGS_ENABLEOPENSERVER=sensitive", "MUSTER_LOGSETTINGS_CONSOLELEVEL=sensitive", "MUSTER_TEAMSETTINGS_SITENAM=sensitive",
			"MUSTER_TEAMSETTING_SITENAME=sensitive", "MUSTER_TEAMSETTINGS_ZZYZX=sensitive", "MUSTER_SAMLSETTINGS_ENABLE=true"},
		Flags: map[string]string{"ServiceSettings.ListenAddress": "sensitive"},
	})
	if err == nil {
		t.Fatal("loaded")
	}
	for _, want := range []string{
		path + ":1:36: TeamSettings.MaxUsersPerTeam: must be 1 to 10000000",
		"TeamSettings.TeammateNameDisplay: must be one of",
		"SqlSettings.DataSource: must be a postgres:// URL, or empty",
		"variable MUSTER_TEAMSETTINGS_ENABLEOPENSERVER: must be true or false",
		"variable MUSTER_TEAMSETTINGS_SITENAM: is not a setting; did you mean MUSTER_TEAMSETTINGS_SITENAME?",
		"variable MUSTER_TEAMSETTING_SITENAME: is not a setting; did you mean MUSTER_TEAMSETTINGS_SITENAME?",
		"variable MUSTER_TEAMSETTINGS_ZZYZX: is not a setting",
		"variable MUSTER_SAMLSETTINGS_ENABLE: is not available in this version",
		`variable MUSTER_LOGSETTINGS_CONSOLELEVEL: must be one of "DEBUG", "INFO", "WARN", "ERROR"`,
		"flag for ServiceSettings.ListenAddress: must be HOST:PORT",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "sensitive") {
		t.Errorf("a value is contained in:\n%v", err)
	}
}

func TestMissingFileAndUnknownFlag(t *testing.T) {
	if _, _, err := Load(Options{File: filepath.Join(t.TempDir(), "none.json")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, _, err := Load(Options{Flags: map[string]string{"TeamSettings.Nope": "1"}}); err == nil || !strings.Contains(err.Error(), "TeamSettings.Nope") {
		t.Errorf("unknown flag: %v", err)
	}
}

func FuzzConfigFile(f *testing.F) {
	like, err := os.ReadFile("testdata/reference_like.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(like)
	for _, seed := range []string{"", "null", "[]", "{}{}", `{"TeamSettings":null}`, `{"TeamSettings":{"SiteName":"a","SiteName":"b"}}`,
		`{"TeamSettings":{"MaxUsersPerTeam":1e1}}`, `{"ServiceSettings":{"TrustedProxyIPHeader":["a",null]}}`, "{\"TeamSettings\":{\"SiteName\":\"\xff\"}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := parseFile("fuzz.json", text)
		if err != nil {
			return
		}
		c := newManager(file.values, nil).Current()
		if p := c.Validate(); len(p) > 0 {
			t.Fatalf("loaded what Validate rejects: %v", p)
		}
		encoded, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseFile("fuzz.json", encoded)
		if err != nil || !reflect.DeepEqual(newManager(again.values, nil).Current(), c) {
			t.Fatalf("its encoding decodes differently (%v):\n%s", err, encoded)
		}
	})
}
