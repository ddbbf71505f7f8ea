package attack_test

import (
	"testing"

	"muster/internal/require"
	"muster/internal/testserver"
)

// Somebody who reads their own history over and over makes it no longer; reading another's is part of the reader's history.
func TestReadingOnesOwnHistoryLeavesNoTrace(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, me := s.User(t, "ann")
		rows := func(userID string) int {
			list, err := s.Store.Audits(t.Context(), userID, 0, 1000)
			require.NoError(t, err)
			return len(list)
		}
		before := rows(me.ID)
		for range 20 {
			_, err := ann.UserAudits(t.Context(), me.ID, 0, 60)
			require.NoError(t, err)
		}
		if after := rows(me.ID); after != before {
			t.Errorf("%d more rows", after-before)
		}
		admin, boss := s.Admin(t)
		before = rows(boss.ID)
		_, err := admin.UserAudits(t.Context(), me.ID, 0, 60)
		require.NoError(t, err)
		if after := rows(boss.ID); after != before+1 {
			t.Errorf("reading another's history left %d rows, want 1", after-before)
		}
	})
}
