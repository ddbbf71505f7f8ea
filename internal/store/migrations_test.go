package store_test

import (
	"slices"
	"strings"
	"testing"

	"muster/internal/store"
	"muster/internal/store/storetest"
)

func TestMigrationsAgree(t *testing.T) {
	sqlite, postgres := storetest.SQLite(t), storetest.Postgres(t)
	for what, of := range map[string]func(*store.Store) ([]string, error){
		"migrations": store.MigrationNames, "columns": store.SchemaColumns, "indexes": store.SchemaIndexes, "foreign keys": store.SchemaForeignKeys,
	} {
		a, err := of(sqlite)
		must(t, err)
		b, err := of(postgres)
		must(t, err)
		if len(a) < 10 {
			t.Errorf("SQLite has only %d %s", len(a), what)
		}
		sameLines(t, what, a, b)
	}
}

// sameLines reports what only one of the databases has.
func sameLines(t *testing.T, what string, sqlite, postgres []string) {
	t.Helper()
	for _, line := range sqlite {
		if !slices.Contains(postgres, line) {
			t.Errorf("only SQLite has among its %s: %s", what, line)
		}
	}
	for _, line := range postgres {
		if !slices.Contains(sqlite, line) {
			t.Errorf("only PostgreSQL has among its %s: %s", what, line)
		}
	}
	if len(sqlite) != len(postgres) {
		t.Errorf("SQLite has %d %s, PostgreSQL %d:\n%s\n\n%s", len(sqlite), what, len(postgres), strings.Join(sqlite, "\n"), strings.Join(postgres, "\n"))
	}
}
