package api_test

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"muster/internal/require"
)

// TestAFailedLookUpIsNoRefusal sends every request of the golden file to a server whose tables of roles, or of memberships, can't be read. Whoever
// is allowed something is never told that they may not, that there is no such thing, or less of it; and whoever is not allowed gets nothing.
func TestAFailedLookUpIsNoRefusal(t *testing.T) {
	rows := readAccess(t)
	s := newScene(t, rows)
	for _, failure := range []struct {
		name    string
		tables  []string
		callers []string
	}{
		{"roles", []string{"roles"}, []string{"user", "admin"}},
		{"memberships", []string{"team_members", "channel_members"}, []string{"user"}},
	} {
		for _, caller := range failure.callers {
			t.Run(failure.name+" as "+caller, func(t *testing.T) {
				t.Parallel()
				shared := s.broken(t, failure.tables)
				defer shared.close(t)
				for _, r := range rows {
					if r.method != "" {
						s.askBroken(t, shared, failure.tables, caller, r)
					}
				}
			})
		}
	}
}

// broken is a copy of the scene that lacks some tables.
func (s *scene) broken(t *testing.T, tables []string) *place {
	t.Helper()
	p := s.copy(t)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.dir, "muster.db")+"?_pragma=busy_timeout(30000)")
	require.NoError(t, err)
	for _, table := range tables {
		_, err := db.ExecContext(context.Background(), "ALTER TABLE "+table+" RENAME TO "+table+"_away")
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	return p
}

func (s *scene) askBroken(t *testing.T, shared *place, tables []string, caller string, r *row) {
	t.Helper()
	p := shared
	if r.method != http.MethodGet {
		p = s.broken(t, tables)
		defer p.close(t)
	}
	w := s.send(t, p, caller, r)
	got := answerOf(w)
	usual := r.cells[slices.Index(accessCallers, caller)]
	refused, usuallyRefused := got.status >= http.StatusBadRequest, usual >= "4"
	switch {
	case got.status >= http.StatusInternalServerError && got.status != http.StatusNotImplemented:
	case refused && usuallyRefused, got.cell() == usual:
	default:
		t.Errorf("%s %s: %s %s, usually %s", r.method, r.path, got.cell(), w.Body, usual)
	}
}
