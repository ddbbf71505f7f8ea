package store

import (
	"context"
	"io/fs"

	"muster/internal/store/migrations"
)

// MigrationNames returns the files of the database's migrations.
func MigrationNames(s *Store) ([]string, error) {
	dir, err := fs.Sub(migrations.FS, s.dialect.migrations())
	if err != nil {
		return nil, err
	}
	return fs.Glob(dir, "*")
}

// SchemaColumns describes every column by table, name, type, whether it can be null, and its place in the primary key (0: none).
func SchemaColumns(s *Store) ([]string, error) {
	return s.schemaLines(`
		SELECT m.name || '.' || c.name || ' ' || CASE c.type WHEN 'BLOB' THEN 'bytea' ELSE lower(c.type) END ||
			CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' not null' ELSE '' END || ' key ' || c.pk
		FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'goose%'`, `
		SELECT c.table_name || '.' || c.column_name || ' ' || c.data_type || CASE c.is_nullable WHEN 'NO' THEN ' not null' ELSE '' END ||
			' key ' || COALESCE((SELECT k.ordinal_position FROM information_schema.table_constraints t JOIN information_schema.key_column_usage k USING (constraint_name)
				WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_name = c.table_name AND k.column_name = c.column_name), 0)
		FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'goose%'`)
}

// SchemaIndexes describes every index beside the primary keys by table, columns, whether it is unique and whether it is partial; those that stand for no
// constraint by their names too, since SQLite names no others.
func SchemaIndexes(s *Store) ([]string, error) {
	return s.schemaLines(`
		SELECT m.name || ' (' || (SELECT group_concat(i.name, ',') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i) || ')' ||
			CASE l."unique" WHEN 1 THEN ' unique' ELSE '' END || CASE l.partial WHEN 1 THEN ' partial' ELSE '' END ||
			CASE l.origin WHEN 'c' THEN ' ' || l.name ELSE '' END
		FROM sqlite_master m, pragma_index_list(m.name) l WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND l.origin <> 'pk'`, `
		SELECT t.relname || ' (' || (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
				JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')' ||
			CASE WHEN i.indisunique THEN ' unique' ELSE '' END || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END ||
			CASE WHEN EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype = 'u') THEN '' ELSE ' ' || n.relname END
		FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
		WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT LIKE 'goose%' AND NOT i.indisprimary`)
}

// SchemaForeignKeys describes every foreign key by what refers to what, and what becomes of it when that is deleted.
func SchemaForeignKeys(s *Store) ([]string, error) {
	return s.schemaLines(`
		SELECT m.name || '.' || f."from" || ' ' || f."table" || '.' || f."to" || ' ' || CASE f.on_delete WHEN 'CASCADE' THEN 'c' ELSE f.on_delete END
		FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`, `
		SELECT t.relname || '.' || a.attname || ' ' || r.relname || '.' || b.attname || ' ' || c.confdeltype::text
		FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
			JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = c.confkey[1]
		WHERE c.contype = 'f'`)
}

// schemaLines runs the query of the store's database.
func (s *Store) schemaLines(sqlite, postgres string) ([]string, error) {
	query := postgres
	if _, ok := s.dialect.(sqliteDialect); ok {
		query = sqlite
	}
	rows, err := s.query(context.Background(), query)
	return collect(rows, err, scanString)
}
