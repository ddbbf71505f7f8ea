package config

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The reference server's keys and defaults (config.json), nested as in a settings file.
const referenceDefaults = "testdata/reference_defaults.json"

func TestDefaultsMatchReference(t *testing.T) {
	text, err := os.ReadFile(referenceDefaults)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	want["TeamSettings"]["SiteName"] = "Muster"
	// Limits by network are on, and the general limit, which would stop a company behind one address, is not (docs/compatibility.md).
	want["RateLimitSettings"]["Enable"], want["RateLimitSettings"]["PerSec"] = true, 0.0
	want["ServiceSettings"]["LocalModeSocketLocation"] = "local.socket" // in /var/tmp, the reference default, anybody could create it

	encoded, err := json.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]map[string]any
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	for section, keys := range want {
		for key, value := range keys {
			have, ok := got[section][key]
			if !ok || !reflect.DeepEqual(have, value) {
				t.Errorf("%s.%s is %v (present: %v), want %v", section, key, have, ok, value)
			}
		}
	}
}

func TestSettingsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Settings() {
		if s.Description == "" || !strings.HasSuffix(s.Description, ".") {
			t.Errorf("%s: description %q", s.Key(), s.Description)
		}
		if s.Secret && s.Type.Kind() != reflect.String {
			t.Errorf("%s: a secret must be a string to be masked", s.Key())
		}
		switch s.Type.Kind() {
		case reflect.Int, reflect.Int64:
			if s.min == nil || s.max == nil {
				t.Errorf("%s: a number without bounds", s.Key())
			}
		case reflect.String:
			if _, known := settingFormats[s.format]; s.format != "" && !known {
				t.Errorf("%s: no format %q", s.Key(), s.format)
			}
		case reflect.Bool, reflect.Slice:
		default:
			t.Errorf("%s: type %s is not supported", s.Key(), s.Type)
		}
		if seen[s.Key()] {
			t.Errorf("%s is declared twice", s.Key())
		}
		seen[s.Key()] = true
	}
}

func TestConfigValidate(t *testing.T) {
	if p := Default().Validate(); len(p) > 0 {
		t.Fatalf("the defaults are invalid: %v", p)
	}
	long := strings.Repeat("x", settingMaxRunes+1)
	cases := []struct {
		key string // the one that fails; "" for none
		set func(*Config)
	}{
		{"", func(c *Config) { c.ServiceSettings.SiteURL = "https://id.example.com/people" }},
		{"ServiceSettings.SiteURL", func(c *Config) { c.ServiceSettings.SiteURL = "id.example.com" }},
		{"ServiceSettings.SiteURL", func(c *Config) { c.ServiceSettings.SiteURL = "ftp://id.example.com" }},
		{"ServiceSettings.SiteURL", func(c *Config) { c.ServiceSettings.SiteURL = "http://" }},
		{"", func(c *Config) { c.ServiceSettings.ListenAddress = ":0" }},
		{"", func(c *Config) { c.ServiceSettings.ListenAddress = "[::1]:8065" }},
		{"ServiceSettings.ListenAddress", func(c *Config) { c.ServiceSettings.ListenAddress = "" }},
		{"ServiceSettings.ListenAddress", func(c *Config) { c.ServiceSettings.ListenAddress = "localhost" }},
		{"ServiceSettings.ListenAddress", func(c *Config) { c.ServiceSettings.ListenAddress = "localhost:70000" }},
		{"", func(c *Config) { c.MetricsSettings.ListenAddress = "" }},
		{"", func(c *Config) {
			c.ServiceSettings.TrustedProxies = []string{"10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "::1"}
		}},
		{"ServiceSettings.TrustedProxies", func(c *Config) { c.ServiceSettings.TrustedProxies = []string{"10.1.0.0/16", "proxy.example.com"} }},
		{"ServiceSettings.TrustedProxies", func(c *Config) { c.ServiceSettings.TrustedProxies = []string{"0.0.0.0/0"} }},
		{"ServiceSettings.TrustedProxies", func(c *Config) { c.ServiceSettings.TrustedProxies = []string{"::/0"} }},
		{"ServiceSettings.TrustedProxies", func(c *Config) { c.ServiceSettings.TrustedProxies = []string{"::ffff:10.0.0.1"} }},
		{"ServiceSettings.TrustedProxies", func(c *Config) { c.ServiceSettings.TrustedProxies = []string{"fe80::1%eth0"} }},
		{"ServiceSettings.TrustedProxies", func(c *Config) { c.ServiceSettings.TrustedProxies = []string{"10.1.0.0/33"} }},
		{"", func(c *Config) { c.SqlSettings.DataSource = "postgres://muster:secret@db/muster?sslmode=disable" }},
		{"SqlSettings.DataSource", func(c *Config) { c.SqlSettings.DataSource = "mmuser:mostest@tcp(localhost:3306)/mattermost" }},
		{"", func(c *Config) { c.PasswordSettings.MinimumLength = 5 }},
		{"", func(c *Config) { c.PasswordSettings.MinimumLength = 72 }},
		{"PasswordSettings.MinimumLength", func(c *Config) { c.PasswordSettings.MinimumLength = 4 }},
		{"PasswordSettings.MinimumLength", func(c *Config) { c.PasswordSettings.MinimumLength = 73 }},
		{"ServiceSettings.MaximumPayloadSizeBytes", func(c *Config) { c.ServiceSettings.MaximumPayloadSizeBytes = 0 }},
		{"ServiceSettings.LocalModeSocketLocation", func(c *Config) { c.ServiceSettings.LocalModeSocketLocation = strings.Repeat("s", 104) }},
		{"", func(c *Config) { c.TeamSettings.RestrictDirectMessage = "team" }},
		{"TeamSettings.RestrictDirectMessage", func(c *Config) { c.TeamSettings.RestrictDirectMessage = "nobody" }},
		{"TeamSettings.TeammateNameDisplay", func(c *Config) { c.TeamSettings.TeammateNameDisplay = "" }},
		{"TeamSettings.SiteName", func(c *Config) { c.TeamSettings.SiteName = strings.Repeat("é", 31) }},
		{"", func(c *Config) { c.TeamSettings.SiteName = strings.Repeat("é", 30) }},
		{"TeamSettings.SiteName", func(c *Config) { c.TeamSettings.SiteName = "a\x00b" }},
		{"TeamSettings.RestrictCreationToDomains", func(c *Config) { c.TeamSettings.RestrictCreationToDomains = long }},
		{"TeamSettings.ExperimentalDefaultChannels", func(c *Config) { c.TeamSettings.ExperimentalDefaultChannels = []string{"a", ""} }},
		{"TeamSettings.ExperimentalDefaultChannels", func(c *Config) { c.TeamSettings.ExperimentalDefaultChannels = []string{"a\n"} }},
		{"ServiceSettings.TrustedProxyIPHeader", func(c *Config) {
			c.ServiceSettings.TrustedProxyIPHeader = strings.Fields(strings.Repeat("h ", settingMaxItems+1))
		}},
		{"", func(c *Config) { c.EmailSettings.ConnectionSecurity = "STARTTLS" }},
		{"EmailSettings.ConnectionSecurity", func(c *Config) { c.EmailSettings.ConnectionSecurity = "SSL" }},
		{"EmailSettings.SMTPPort", func(c *Config) { c.EmailSettings.SMTPPort = "0" }},
		{"EmailSettings.FeedbackEmail", func(c *Config) { c.EmailSettings.FeedbackEmail = "nobody" }},
		{"", func(c *Config) { c.LocalizationSettings.DefaultClientLocale = "pt-BR" }},
		{"LocalizationSettings.DefaultClientLocale", func(c *Config) { c.LocalizationSettings.DefaultClientLocale = "english" }},
		{"ExperimentalSettings.ClientSideCertCheck", func(c *Config) { c.ExperimentalSettings.ClientSideCertCheck = "both" }},
	}
	for _, tc := range cases {
		c := Default()
		tc.set(c)
		got := ""
		for _, p := range c.Validate() {
			got += p.Key
			if p.Reason == "" {
				t.Errorf("%s: no reason", p.Key)
			}
		}
		if got != tc.key {
			t.Errorf("refused %q, want %q (%+v)", got, tc.key, c)
		}
	}
}

func TestSettingParse(t *testing.T) {
	cases := []struct {
		key, text string
		want      any // nil: refused
	}{
		{"TeamSettings.EnableOpenServer", "true", true},
		{"TeamSettings.EnableOpenServer", "0", false},
		{"TeamSettings.EnableOpenServer", "", nil},
		{"TeamSettings.EnableOpenServer", "yes", nil},
		{"TeamSettings.MaxUsersPerTeam", "70", 70},
		{"TeamSettings.MaxUsersPerTeam", "7e1", nil},
		{"ServiceSettings.MaximumPayloadSizeBytes", "1048576", int64(1048576)},
		{"ServiceSettings.MaximumPayloadSizeBytes", "99999999999999999999", nil},
		{"TeamSettings.SiteName", " A, B ", " A, B "},
		{"ServiceSettings.TrustedProxyIPHeader", "X-Real-IP, X-Forwarded-For", []string{"X-Real-IP", "X-Forwarded-For"}},
		{"ServiceSettings.TrustedProxyIPHeader", "", []string{}},
	}
	for _, tc := range cases {
		got, err := settingByKey(t, tc.key).Parse(tc.text)
		if (err != nil) != (tc.want == nil) || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s from %q: %#v, %v; want %#v", tc.key, tc.text, got, err, tc.want)
		}
	}
}

func TestConfigCloneIsDeep(t *testing.T) {
	c := Default()
	c.ServiceSettings.TrustedProxyIPHeader = []string{"X-Real-IP"}
	d := c.Clone()
	if !reflect.DeepEqual(c, d) {
		t.Fatalf("clone differs: %+v", d)
	}
	d.ServiceSettings.TrustedProxyIPHeader[0] = "changed"
	d.TeamSettings.SiteName = "changed"
	if c.ServiceSettings.TrustedProxyIPHeader[0] != "X-Real-IP" || c.TeamSettings.SiteName != "Muster" {
		t.Error("changing the clone changed the original")
	}
}

func TestConfigMasked(t *testing.T) {
	c := Default()
	c.EmailSettings.SMTPPassword = "hunter2"
	m := c.Masked()
	if m.EmailSettings.SMTPPassword != SecretMask {
		t.Errorf("password is returned as %q", m.EmailSettings.SMTPPassword)
	}
	if m.SqlSettings.DataSource != "" {
		t.Errorf("an empty secret is returned as %q", m.SqlSettings.DataSource)
	}
	if c.EmailSettings.SMTPPassword != "hunter2" {
		t.Error("masking changed the original")
	}
}

func settingByKey(t *testing.T, key string) *Setting {
	t.Helper()
	for _, s := range Settings() {
		if s.Key() == key {
			return s
		}
	}
	t.Fatalf("no setting %s", key)
	return nil
}

func TestMailServerAndAddresses(t *testing.T) {
	e := Default().EmailSettings
	if e.HasServer() || e.Sender("example.com") != "muster@example.com" || e.ReplyTo() != "" {
		t.Errorf("the placeholders of the reference server count as set: %+v", e)
	}
	e.SMTPPort, e.FeedbackEmail, e.ReplyToAddress = "25", "hello@example.com", "help@example.com"
	if !e.HasServer() || e.Sender("example.com") != "hello@example.com" || e.ReplyTo() != "help@example.com" {
		t.Errorf("%+v", e)
	}
	e.SMTPServer = ""
	if e.HasServer() {
		t.Error("a server without a name")
	}
}
