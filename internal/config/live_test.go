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

// memory is a Saver that lives as long as the test. It stands for any keeper of bytes; the store has its own tests.
type memory struct {
	mu     sync.Mutex
	kept   Stored
	audits []*muster.Audit
	fail   error
}

func (m *memory) LoadSettings(context.Context) (Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept, m.fail
}

func (m *memory) ChangeSettings(_ context.Context, change func(Stored) ([]byte, []*muster.Audit, error)) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return 0, m.fail
	}
	document, audits, err := change(m.kept)
	if err != nil {
		return 0, err
	}
	if document != nil {
		m.kept = Stored{Document: document, Version: m.kept.Version + 1}
	}
	m.audits = append(m.audits, audits...)
	return m.kept.Version, nil
}

func (m *memory) text() string { return string(m.kept.Document) }

// patch changes settings as an administrator would.
func patch(live *Live, body string, ifMatch ...string) (*Config, error) {
	return live.Patch(context.Background(), Patch{Body: []byte(body), IfMatch: ifMatch, Audit: func(changes []Change) *muster.Audit {
		return &muster.Audit{ExtraInfo: Describe(changes)}
	}})
}

func start(t testing.TB, o Options, saver *memory) *Live {
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
	live := start(t, o, saver)

	got, err := patch(live, `{"TeamSettings":{"SiteName":"Patched"},"ServiceSettings":{"TrustedProxyIPHeader":["X-A"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.TeamSettings.SiteName, want.TeamSettings.MaxUsersPerTeam = "Patched", 7
	want.ServiceSettings.TrustedProxyIPHeader = []string{"X-A"}
	if !reflect.DeepEqual(got, want) || live.Current() != got {
		t.Errorf("in force: %+v", got)
	}
	const audit = `config patched; ServiceSettings.TrustedProxyIPHeader: [] -> [X-A]; TeamSettings.SiteName: "File" -> "Patched"`
	if len(saver.audits) != 1 || saver.audits[0].ExtraInfo != audit {
		t.Errorf("audits: %+v", saver.audits)
	}
	if _, err := patch(live, `{"PasswordSettings":{"MinimumLength":9}}`); err != nil {
		t.Fatal(err)
	}
	want.PasswordSettings.MinimumLength = 9
	if again := start(t, o, saver).Current(); !reflect.DeepEqual(again, want) {
		t.Errorf("after a restart: %+v", again)
	}
}

func TestPatchRefusals(t *testing.T) {
	cases := []struct{ name, body, param string }{
		{"broken JSON", `{"TeamSettings":`, "config"},
		{"empty", ``, "config"},
		{"no object", `[]`, "config"},
		{"null", `null`, "config"},
		{"two documents", `{}{}`, "config"},
		{"section no object", `{"TeamSettings":1}`, "TeamSettings"},
		{"wrong type", `{"TeamSettings":{"SiteName":"New","EnableOpenServer":"yes"}}`, "TeamSettings.EnableOpenServer"},
		{"out of range", `{"TeamSettings":{"SiteName":"New"},"PasswordSettings":{"MinimumLength":4}}`, "PasswordSettings.MinimumLength"},
		{"not one of", `{"TeamSettings":{"RestrictDirectMessage":""}}`, "TeamSettings.RestrictDirectMessage"},
		{"bootstrap key", `{"TeamSettings":{"SiteName":"New"},"SqlSettings":{"DataSource":"postgres://elsewhere/muster"}}`, "SqlSettings.DataSource"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			saver := &memory{}
			live := start(t, Options{}, saver)
			live.OnChange(func(_, _ *Config) { t.Error("a refused patch was announced") })
			before := live.Current()
			_, err := patch(live, tc.body)
			if !muster.IsKind(err, muster.Invalid) || !muster.HasID(err, "api.context.invalid_body_param.app_error") {
				t.Fatalf("error %v", err)
			}
			if name := muster.AsError(err).Params["Name"]; name != tc.param {
				t.Errorf("names %q, want %q", name, tc.param)
			}
			if live.Current() != before || saver.kept.Document != nil {
				t.Errorf("something changed: %s", saver.text())
			}
		})
	}
}

func TestPatchThatCannotBeKeptChangesNothing(t *testing.T) {
	saver := &memory{}
	live := start(t, Options{}, saver)
	saver.fail = errors.New("disk full")
	before := live.Current()
	_, err := patch(live, `{"TeamSettings":{"SiteName":"New"}}`)
	if !errors.Is(err, saver.fail) || live.Current() != before {
		t.Fatalf("error %v, site name %q", err, live.Current().TeamSettings.SiteName)
	}
	saver.fail = nil
	if _, err := patch(live, `{"TeamSettings":{"MaxUsersPerTeam":3}}`); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(saver.text(), "New") {
		t.Errorf("the failed patch was kept: %s", saver.text())
	}
}

// A client that sends back all it was shown changes nothing and pins nothing.
func TestPatchWithWhatWasShownKeepsNothing(t *testing.T) {
	saver := &memory{}
	live := start(t, Options{
		File:    write(t, `{"EmailSettings":{"SMTPPassword":"hunter2"},"TeamSettings":{"SiteName":"File"}}`),
		Environ: []string{"MUSTER_SQLSETTINGS_DATASOURCE=postgres://db/muster", "MUSTER_TEAMSETTINGS_MAXUSERSPERTEAM=9"},
	}, saver)
	before := live.Current()
	shown, err := json.Marshal(before.Masked())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown), "hunter2") || strings.Contains(string(shown), "postgres://") {
		t.Fatalf("a secret shows: %s", shown)
	}
	after, err := patch(live, string(shown))
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%v: %+v", err, after)
	}
	if saver.kept.Document != nil || saver.kept.Version != 0 {
		t.Errorf("kept %s", saver.text())
	}
}

func TestSecretIsReplacedByPatch(t *testing.T) {
	live := start(t, Options{}, &memory{})
	c, err := patch(live, `{"EmailSettings":{"SMTPPassword":"*** "}}`)
	if err != nil || c.EmailSettings.SMTPPassword != "*** " {
		t.Errorf("%v: %q", err, c.EmailSettings.SMTPPassword)
	}
}

func TestVariableHoldsAgainstPatchUntilItIsGone(t *testing.T) {
	saver := &memory{}
	live := start(t, Options{Environ: []string{"MUSTER_TEAMSETTINGS_SITENAME=Variable"}}, saver)
	c, err := patch(live, `{"TeamSettings":{"SiteName":"Patched"}}`)
	if err != nil || c.TeamSettings.SiteName != "Variable" {
		t.Errorf("%v: with the variable %q", err, c.TeamSettings.SiteName)
	}
	if name := start(t, Options{}, saver).Current().TeamSettings.SiteName; name != "Patched" {
		t.Errorf("without the variable %q", name)
	}
}

func TestOnChangeTellsOldAndNew(t *testing.T) {
	live := start(t, Options{}, &memory{})
	var told []string
	live.OnChange(func(old, new *Config) {
		told = append(told, old.TeamSettings.SiteName+">"+new.TeamSettings.SiteName)
	})
	for _, name := range []string{"A", "B"} {
		if _, err := patch(live, fmt.Sprintf(`{"TeamSettings":{"SiteName":%q}}`, name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(told, " "); got != "Muster>A A>B" {
		t.Errorf("told %q", got)
	}
}

func TestAttachRefusesWhatItCannotRead(t *testing.T) {
	for _, saver := range []*memory{
		{kept: Stored{Document: []byte(`{"PasswordSettings":{"MinimumLength":1}}`)}},
		{kept: Stored{Document: []byte(`{`)}},
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

func TestPatchesOfManyAllCount(t *testing.T) {
	saver := &memory{}
	live := start(t, Options{}, saver)
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
	if p := start(t, Options{}, saver).Current().PrivacySettings; p.ShowEmailAddress || p.ShowFullName {
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
		live := start(t, Options{}, saver)
		before := live.Current()
		after, err := patch(live, string(body))
		if err != nil {
			if !muster.IsKind(err, muster.Invalid) || live.Current() != before || saver.kept.Document != nil {
				t.Fatalf("refused as %v, kept %s", err, saver.text())
			}
			return
		}
		if p := after.Validate(); len(p) > 0 {
			t.Fatalf("took what Validate refuses: %v", p)
		}
		if again := start(t, Options{}, saver).Current(); !reflect.DeepEqual(again, after) {
			t.Fatalf("after a restart %+v, before it %+v", again, after)
		}
	})
}
