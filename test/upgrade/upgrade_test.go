package upgrade_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"muster/client"
	"muster/internal/subprocess"
	"muster/test/upgrade"
)

// renamed are tables that have a new name since a fixture was made.
var renamed = map[string]string{"user_terms": "search_terms"}

// renamedColumns are columns that have a new name since a fixture was made, by the table's former name.
var renamedColumns = map[string]map[string]string{"outbox": {"letter": "content", "set_aside_at": "failed_at"}}

func TestUpgrade(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/*")
	must(t, err)
	if len(fixtures) == 0 {
		t.Fatal("there are no fixtures")
	}
	program, err := subprocess.Build(t.Context(), "muster/cmd/muster", t.TempDir())
	must(t, err)
	for _, dir := range fixtures {
		for _, kind := range []string{"sqlite", "postgres"} {
			t.Run(filepath.Base(dir)+"/"+kind, func(t *testing.T) { testFixture(t, program, filepath.Join(dir, kind), kind) })
		}
	}
}

func testFixture(t *testing.T, program, dir, kind string) {
	facts, err := upgrade.ReadFacts(dir)
	must(t, err)
	shift := time.Now().UnixMilli() - facts.MadeAt
	db, data, dsn := restore(t, dir, kind, shift)
	s := &server{program: program, data: data, dsn: dsn}

	before := db.read(t)
	for name, content := range before {
		if len(content.rows) == 0 && name != "link_requests" { // whose rows the server takes away within moments
			t.Errorf("the fixture has no rows in %s", name)
		}
	}
	s.start(t, upgrade.NoMailServer)
	s.stop(t)
	after := db.read(t)
	nothingLost(t, before, after)
	s.start(t, upgrade.NoMailServer)
	s.stop(t)
	nothingChanged(t, after, db.read(t))

	s.start(t, "")
	(&check{Facts: facts, server: s, shift: shift}).all(t)
	s.stop(t)
}

// nothingLost checks that every row is still there, by the columns that both schemas have.
func nothingLost(t *testing.T, before, after map[string]*table) {
	t.Helper()
	for name, old := range before {
		now := after[name]
		if to, ok := renamed[name]; ok {
			now = after[to]
		}
		if now == nil {
			t.Errorf("table %s is gone", name)
			continue
		}
		old.rename(renamedColumns[name])
		columns := slices.DeleteFunc(old.without(transient...), func(c string) bool { return !slices.Contains(now.columns, c) })
		kept := now.lines(columns)
		for _, line := range old.lines(columns) {
			if !slices.Contains(kept, line) {
				t.Errorf("table %s has lost or changed a row: %s", name, line)
			}
		}
	}
}

// transient columns say when a mail is tried next, which a start changes.
var transient = []string{"next_at", "attempts", "claims", "last_error"}

func nothingChanged(t *testing.T, before, after map[string]*table) {
	t.Helper()
	for name, old := range before {
		columns := old.without(transient...)
		if now := after[name]; now == nil || !slices.Equal(old.lines(columns), now.lines(columns)) {
			t.Errorf("a second start changed table %s", name)
		}
	}
	if len(after) != len(before) {
		t.Errorf("a second start made of %d tables %d", len(before), len(after))
	}
}

// server is the new program on a restored database.
type server struct {
	program, data, dsn string
	running            *subprocess.Process
}

func (s *server) start(t *testing.T, mailPort string) {
	t.Helper()
	var err error
	s.running, err = subprocess.Start(context.WithoutCancel(t.Context()), subprocess.Options{
		Program: s.program, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", s.data, "--database", s.dsn},
		Env: upgrade.Environment(mailPort), Log: t.Output(),
	})
	must(t, err)
	t.Cleanup(func() { _ = s.running.Kill() }) // only does something when the test failed
}

// stop ends the server and checks the database that it leaves.
func (s *server) stop(t *testing.T) {
	t.Helper()
	must(t, s.running.Stop())
	if out, err := exec.CommandContext(t.Context(), s.program, "check", "--data", s.data, "--database", s.dsn).CombinedOutput(); err != nil {
		t.Fatalf("muster check: %v\n%s", err, out)
	}
}

func (s *server) client(token string) *client.Client {
	return client.New(s.running.URL, client.WithToken(token))
}

// sameAnswer checks that an answer has everything that an earlier version's had, with times moved by shift. It may have more.
func sameAnswer(t *testing.T, path string, was, is json.RawMessage, shift int64) {
	t.Helper()
	var old, now any
	must(t, json.Unmarshal(was, &old))
	must(t, json.Unmarshal(is, &now))
	if difference := compare(old, now, shift); difference != "" {
		t.Errorf("GET %s answers differently: %s\nwas %s\nis  %s", path, difference, was, is)
	}
}

// activity are fields that requests change, also those of this test.
var activity = []string{"last_activity_at", "last_used_at"}

// compare returns the first difference, "" for none.
func compare(old, now any, shift int64) string {
	switch old := old.(type) {
	case map[string]any:
		now, _ := now.(map[string]any)
		for key, value := range old {
			got, there := now[key]
			if !there {
				return key + " is missing"
			}
			if d := compare(value, got, shift); d != "" && !slices.Contains(activity, key) {
				return key + ": " + d
			}
		}
		return ""
	case []any:
		now, _ := now.([]any)
		if len(now) != len(old) {
			return fmt.Sprintf("%d elements instead of %d", len(now), len(old))
		}
		for i := range old {
			if d := compare(old[i], now[i], shift); d != "" {
				return fmt.Sprintf("[%d]: %s", i, d)
			}
		}
		return ""
	case float64:
		if old+float64(shift) == now {
			return ""
		}
	}
	if !reflect.DeepEqual(old, now) {
		return fmt.Sprintf("%v instead of %v", now, old)
	}
	return ""
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
