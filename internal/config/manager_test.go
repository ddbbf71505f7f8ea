package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"muster"
)

// memory stores settings in memory, as the store and the use case do.
type memory struct {
	mu     sync.Mutex
	stored Stored
	audits []string
	fail   error
}

func (m *memory) LoadSettings(context.Context) (Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stored, m.fail
}

// apply stores the result of a patch and returns what is stored then.
func (m *memory) apply(live *Manager, p *Patch) (after Stored, e *Edit, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, err = live.Apply(m.stored, p); err != nil {
		return m.stored, nil, err
	}
	if e.Document != nil {
		m.stored = Stored{Document: e.Document, Version: m.stored.Version + 1}
	}
	m.audits = append(m.audits, Describe(e.Changes))
	return m.stored, e, nil
}

func (m *memory) text() string { return string(m.stored.Document) }

// patch changes settings as an administrator would.
func patch(live *Manager, body string, ifMatch ...string) (*Config, error) {
	p, err := ParsePatch([]byte(body), ifMatch)
	if err != nil {
		return nil, err
	}
	after, e, err := live.loader.(*memory).apply(live, p)
	if stale := live.Follow(after); stale != nil {
		return nil, stale
	}
	if err != nil {
		return nil, err
	}
	return e.Config, nil
}

func newAttached(t testing.TB, o Options, saver *memory) *Manager {
	t.Helper()
	live, _, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := live.Attach(context.Background(), saver); err != nil {
		t.Fatal(err)
	}
	return live
}

func TestPatchTakesEffectAndSurvives(t *testing.T) {
	saver := &memory{}
	o := Options{File: write(t, `{"TeamSettings":{"SiteName":"File","MaxUsersPerTeam":7}}`)}
	live := newAttached(t, o, saver)

	got, err := patch(live, `{"TeamSettings":{"SiteName":"Patched"},"ServiceSettings":{"TrustedProxyIPHeader":["X-A"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.TeamSettings.SiteName, want.TeamSettings.MaxUsersPerTeam = "Patched", 7
	want.ServiceSettings.TrustedProxyIPHeader = []string{"X-A"}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(live.Current(), got) {
		t.Errorf("in force: %+v", got)
	}
	const audit = `config patched; ServiceSettings.TrustedProxyIPHeader: [] -> [X-A]; TeamSettings.SiteName: "File" -> "Patched"`
	if len(saver.audits) != 1 || saver.audits[0] != audit {
		t.Errorf("audits: %+v", saver.audits)
	}
	if _, err := patch(live, `{"PasswordSettings":{"MinimumLength":9}}`); err != nil {
		t.Fatal(err)
	}
	want.PasswordSettings.MinimumLength = 9
	if again := newAttached(t, o, saver).Current(); !reflect.DeepEqual(again, want) {
		t.Errorf("after a restart: %+v", again)
	}
}

func TestPatchRefusals(t *testing.T) {
	cases := []struct{ name, body, param string }{
		{"broken JSON", `{"TeamSettings":`, "config"},
		{"empty", ``, "config"},
		{"not an object", `[]`, "config"},
		{"null", `null`, "config"},
		{"two documents", `{}{}`, "config"},
		{"section not an object", `{"TeamSettings":1}`, "TeamSettings"},
		{"wrong type", `{"TeamSettings":{"SiteName":"New","EnableOpenServer":"yes"}}`, "TeamSettings.EnableOpenServer"},
		{"out of range", `{"TeamSettings":{"SiteName":"New"},"PasswordSettings":{"MinimumLength":4}}`, "PasswordSettings.MinimumLength"},
		{"not one of", `{"TeamSettings":{"RestrictDirectMessage":""}}`, "TeamSettings.RestrictDirectMessage"},
		{"bootstrap key", `{"TeamSettings":{"SiteName":"New"},"SqlSettings":{"DataSource":"postgres://elsewhere/muster"}}`, "SqlSettings.DataSource"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			saver := &memory{}
			live := newAttached(t, Options{}, saver)
			live.OnChange(func(_, _ *Config) { t.Error("OnChange was called for a refused patch") })
			before := live.Current()
			_, err := patch(live, tc.body)
			if !muster.IsKind(err, muster.Invalid) || !muster.HasID(err, "api.context.invalid_body_param.app_error") {
				t.Fatalf("error %v", err)
			}
			if name := muster.AsError(err).Params["Name"]; name != tc.param {
				t.Errorf("names %q, want %q", name, tc.param)
			}
			if live.Current() != before || saver.stored.Document != nil {
				t.Errorf("something changed: %s", saver.text())
			}
		})
	}
}

// Commits may be reported in another order than they happened.
func TestLaterSettingsStayInForce(t *testing.T) {
	live := newAttached(t, Options{}, &memory{})
	for _, version := range []int64{2, 1, 2} {
		document := fmt.Sprintf(`{"TeamSettings":{"SiteName":"Version %d"}}`, version)
		if err := live.Follow(Stored{Document: []byte(document), Version: version}); err != nil {
			t.Fatal(err)
		}
		if name := live.Current().TeamSettings.SiteName; name != "Version 2" {
			t.Errorf("after version %d: %q", version, name)
		}
	}
	if err := live.Follow(Stored{Document: []byte("{"), Version: 3}); err == nil || live.Current().TeamSettings.SiteName != "Version 2" {
		t.Errorf("a broken document: %v", err)
	}
}

// A client that sends back the settings it received changes nothing and stores nothing.
func TestPatchWithMaskedSettingsSavesNothing(t *testing.T) {
	saver := &memory{}
	live := newAttached(t, Options{
		File:    write(t, `{"EmailSettings":{"SMTPPassword":"hunter2"},"TeamSettings":{"SiteName":"File"}}`),
		Environ: []string{"MUSTER_SQLSETTINGS_DATASOURCE=postgres://db/muster", "MUSTER_TEAMSETTINGS_MAXUSERSPERTEAM=9"},
	}, saver)
	before := live.Current()
	shown, err := json.Marshal(before.Masked())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown), "hunter2") || strings.Contains(string(shown), "postgres://") {
		t.Fatalf("a secret is contained: %s", shown)
	}
	after, err := patch(live, string(shown))
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%v: %+v", err, after)
	}
	if saver.stored.Document != nil || saver.stored.Version != 0 {
		t.Errorf("saved %s", saver.text())
	}
}

func TestSecretIsReplacedByPatch(t *testing.T) {
	live := newAttached(t, Options{}, &memory{})
	c, err := patch(live, `{"EmailSettings":{"SMTPPassword":"*** "}}`)
	if err != nil || c.EmailSettings.SMTPPassword != "*** " {
		t.Errorf("%v: %q", err, c.EmailSettings.SMTPPassword)
	}
}

func TestVariableOverridesPatchUntilRemoved(t *testing.T) {
	saver := &memory{}
	live := newAttached(t, Options{Environ: []string{"MUSTER_TEAMSETTINGS_SITENAME=Variable"}}, saver)
	c, err := patch(live, `{"TeamSettings":{"SiteName":"Patched"}}`)
	if err != nil || c.TeamSettings.SiteName != "Variable" {
		t.Errorf("%v: with the variable %q", err, c.TeamSettings.SiteName)
	}
	if name := newAttached(t, Options{}, saver).Current().TeamSettings.SiteName; name != "Patched" {
		t.Errorf("without the variable %q", name)
	}
}

func TestOnChangePassesOldAndNew(t *testing.T) {
	live := newAttached(t, Options{}, &memory{})
	var calls []string
	live.OnChange(func(old, new *Config) {
		calls = append(calls, old.TeamSettings.SiteName+">"+new.TeamSettings.SiteName)
	})
	for _, name := range []string{"A", "B"} {
		if _, err := patch(live, fmt.Sprintf(`{"TeamSettings":{"SiteName":%q}}`, name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(calls, " "); got != "Muster>A A>B" {
		t.Errorf("calls: %q", got)
	}
}

func TestAttachFailsOnInvalidSettings(t *testing.T) {
	for _, saver := range []*memory{
		{stored: Stored{Document: []byte(`{"PasswordSettings":{"MinimumLength":1}}`)}},
		{stored: Stored{Document: []byte(`{`)}},
		{fail: errors.New("no database")},
	} {
		live, _, err := Load(Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := live.Attach(context.Background(), saver); err == nil {
			t.Errorf("attached %q, %v", saver.text(), saver.fail)
		}
		if !reflect.DeepEqual(live.Current(), Default()) {
			t.Errorf("in force: %+v", live.Current())
		}
	}
}

func TestConcurrentPatchesAreAllApplied(t *testing.T) {
	saver := &memory{}
	live := newAttached(t, Options{}, saver)
	keys := []string{"ShowEmailAddress", "ShowFullName"}
	var all sync.WaitGroup
	for _, key := range keys {
		all.Go(func() {
			if _, err := patch(live, fmt.Sprintf(`{"PrivacySettings":{%q:false}}`, key)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		for range 1000 {
			if live.Current() == nil {
				t.Error("no settings in force")
				return
			}
		}
	})
	all.Wait()
	if p := newAttached(t, Options{}, saver).Current().PrivacySettings; p.ShowEmailAddress || p.ShowFullName {
		t.Errorf("a patch is lost: %+v", p)
	}
}

func FuzzConfigPatch(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"TeamSettings":{"SiteName":"x"}}`, `{"TeamSettings":{"SiteName":1}}`, `{"TeamSettings":[]}`,
		`{"EmailSettings":{"SMTPPassword":"********************************"}}`, `{"SqlSettings":{"DataSource":"postgres://h/d"}}`,
		`{"ServiceSettings":{"TrustedProxyIPHeader":["a","b"],"MaximumPayloadSizeBytes":1}}`, `{"A":{"B":{"C":[1,2,{}]}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		saver := &memory{}
		live := newAttached(t, Options{}, saver)
		before := live.Current()
		after, err := patch(live, string(body))
		if err != nil {
			if !muster.IsKind(err, muster.Invalid) || live.Current() != before || saver.stored.Document != nil {
				t.Fatalf("refused as %v, saved %s", err, saver.text())
			}
			return
		}
		if p := after.Validate(); len(p) > 0 {
			t.Fatalf("accepted what Validate rejects: %v", p)
		}
		if again := newAttached(t, Options{}, saver).Current(); !reflect.DeepEqual(again, after) {
			t.Fatalf("after a restart %+v, before it %+v", again, after)
		}
	})
}
