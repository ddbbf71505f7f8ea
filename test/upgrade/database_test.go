package upgrade_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"muster/internal/store/storetest"
	"muster/test/upgrade"
)

// database is a restored database, looked at while no server has it open.
type database struct{ driver, address, columns string }

// restore brings a fixture's database and data directory back. All its times are moved forward, as if it had been left a moment ago: what was to
// expire within an hour has not expired however old the fixture is.
func restore(t *testing.T, dir, kind string, shift int64) (db *database, data, dsn string) {
	t.Helper()
	data = t.TempDir()
	must(t, upgrade.Unpack(filepath.Join(dir, upgrade.DataFile), data))
	if kind == "sqlite" {
		db = &database{"sqlite", filepath.Join(data, "muster.db"), `SELECT m.name, c.name, c.type = 'BIGINT' FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.name`}
	} else {
		dsn = storetest.PostgresDSN(t)
		dump, err := upgrade.ReadDump(filepath.Join(dir, upgrade.DumpFile))
		must(t, err)
		storetest.Exec(t, dsn, dump)
		db = &database{"pgx", dsn, `SELECT table_name, column_name, data_type = 'bigint' FROM information_schema.columns
			WHERE table_schema = 'public' ORDER BY table_name, column_name`}
	}
	db.open(t, func(raw *sql.DB) {
		for _, c := range db.list(t, raw) {
			if c.bigint && c.name != "last_picture_update" { // a file is named after it
				_, err := raw.ExecContext(t.Context(), fmt.Sprintf(`UPDATE %q SET %[2]q = %[2]q + %[3]d WHERE %[2]q > 1000000000000`, c.table, c.name, shift))
				must(t, err)
			}
		}
	})
	return db, data, dsn
}

func (d *database) open(t *testing.T, use func(*sql.DB)) {
	t.Helper()
	raw, err := sql.Open(d.driver, d.address)
	must(t, err)
	use(raw)
	must(t, raw.Close())
}

type column struct {
	table, name string
	bigint      bool
}

func (d *database) list(t *testing.T, raw *sql.DB) (columns []column) {
	t.Helper()
	rows, err := raw.QueryContext(t.Context(), d.columns)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var c column
		must(t, rows.Scan(&c.table, &c.name, &c.bigint))
		columns = append(columns, c)
	}
	must(t, rows.Err())
	return columns
}

// table is what one table contains.
type table struct {
	columns []string
	rows    [][]any
}

// read returns everything that the database contains, by table.
func (d *database) read(t *testing.T) map[string]*table {
	t.Helper()
	all := map[string]*table{}
	d.open(t, func(raw *sql.DB) {
		for _, c := range d.list(t, raw) {
			if all[c.table] == nil {
				all[c.table] = &table{}
			}
			all[c.table].columns = append(all[c.table].columns, c.name)
		}
		for name, content := range all {
			content.rows = readRows(t, raw, name, content.columns)
		}
	})
	return all
}

func readRows(t *testing.T, raw *sql.DB, table string, columns []string) (list [][]any) {
	t.Helper()
	rows, err := raw.QueryContext(t.Context(), fmt.Sprintf(`SELECT "%s" FROM %q`, strings.Join(columns, `","`), table))
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		must(t, rows.Scan(into...))
		list = append(list, row)
	}
	must(t, rows.Err())
	return list
}

// rename renames columns.
func (t *table) rename(names map[string]string) {
	for i, name := range t.columns {
		t.columns[i] = cmp.Or(names[name], name)
	}
}

// lines returns the rows as text, each with the named columns alone, in the order of the text.
func (t *table) lines(columns []string) (lines []string) {
	for _, row := range t.rows {
		var line strings.Builder
		for _, name := range columns {
			fmt.Fprintf(&line, "%s=%v ", name, row[slices.Index(t.columns, name)])
		}
		lines = append(lines, line.String())
	}
	slices.Sort(lines)
	return lines
}

// without returns the columns that are not named.
func (t *table) without(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(t.columns), func(c string) bool { return slices.Contains(names, c) })
}
