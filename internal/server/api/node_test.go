package api_test

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that looks into PostgreSQL behind the server's back

	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

// node is one more server on a scenario's database, with a clock that stands still until it is moved. A scenario goes from one over to the other.
type node struct {
	*testserver.Server
	unixMilli atomic.Int64
}

// otherNode starts a node whose clock is some time ahead.
func otherNode(t *testing.T, s *testserver.Server, ahead time.Duration) *node {
	t.Helper()
	n := &node{}
	n.unixMilli.Store(time.Now().Add(ahead).UnixMilli())
	n.Server = s.Node(t, n.now)
	return n
}

func (n *node) now() time.Time { return time.UnixMilli(n.unixMilli.Load()) }

// pass moves the clock.
func (n *node) pass(d time.Duration) { n.unixMilli.Add(d.Milliseconds()) }

// bearer is a client that acts by a token.
func bearer(s *testserver.Server, token string) *client.Client {
	return client.New(s.URL, client.WithToken(token))
}

// together makes n calls at one time and returns how each ended.
func together(n int, call func(i int) error) []error {
	ends, start := make([]error, n), make(chan struct{})
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			<-start
			ends[i] = call(i)
		})
	}
	close(start)
	running.Wait()
	return ends
}

// oneWins holds that exactly one of several calls went through, and that the others were refused so.
func oneWins(t *testing.T, ends []error, status int, id string) {
	t.Helper()
	won := 0
	for _, err := range ends {
		if err == nil {
			won++
			continue
		}
		refused(t, err, status, id)
	}
	if won != 1 {
		t.Fatalf("%d of %d went through", won, len(ends))
	}
}

// onRecord holds that an account's history has a line of an operation (the end of its path) that begins so.
func onRecord(t *testing.T, s *testserver.Server, userID, operation, info string) {
	t.Helper()
	list, err := s.Store.Audits(t.Context(), userID, 0, 200)
	require.NoError(t, err)
	var lines []string
	for _, a := range list {
		if strings.HasSuffix(a.Action, operation) && strings.HasPrefix(a.ExtraInfo, info) {
			return
		}
		lines = append(lines, a.Action+": "+a.ExtraInfo)
	}
	t.Fatalf("no line of %s that begins with %q among\n%s", operation, info, strings.Join(lines, "\n"))
}

// notStored holds that none of the secrets is anywhere in the scenario's database. witness is an id that is.
func notStored(t *testing.T, witness string, secrets ...string) {
	t.Helper()
	all := bytes.ToLower(everythingStored(t, witness))
	if !bytes.Contains(all, []byte(witness)) {
		t.Fatal("looked into the wrong database")
	}
	for _, secret := range secrets {
		for _, form := range []string{secret, hex.EncodeToString([]byte(secret))} {
			if bytes.Contains(all, []byte(strings.ToLower(form))) {
				t.Errorf("the database holds %q in the clear", secret)
			}
		}
	}
}

// everythingStored is what the database of this test holds: the files of SQLite, every row of PostgreSQL.
func everythingStored(t *testing.T, witness string) (all []byte) {
	t.Helper()
	if path.Base(t.Name()) == "postgres" {
		return everyRow(t, witness)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(t.TempDir()), "*", "muster.db*"))
	require.NoError(t, err)
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		all = append(all, b...)
	}
	return all
}

// everyRow finds the database on the server that knows an account, since only the Store has its name, and returns its rows as text.
func everyRow(t *testing.T, userID string) (all []byte) {
	t.Helper()
	dsn := os.Getenv("MUSTER_TEST_POSTGRES")
	for _, name := range queryStrings(t, dsn, "SELECT datname FROM pg_database WHERE datname LIKE 'muster\\_%'") {
		at := strings.Replace(dsn, "/postgres?", "/"+name+"?", 1)
		db, err := sql.Open("pgx", at)
		require.NoError(t, err)
		var n int
		err = db.QueryRowContext(t.Context(), "SELECT count(*) FROM users WHERE id = $1", userID).Scan(&n)
		require.NoError(t, db.Close())
		if err != nil || n == 0 {
			continue // of another test, perhaps gone by now
		}
		for _, table := range queryStrings(t, at, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") {
			for _, row := range queryStrings(t, at, "SELECT x::text FROM "+table+" x") {
				all = append(append(all, row...), '\n')
			}
		}
	}
	return all
}

func queryStrings(t *testing.T, dsn, query string) (list []string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var v string
		require.NoError(t, rows.Scan(&v))
		list = append(list, v)
	}
	require.NoError(t, rows.Err())
	return list
}
