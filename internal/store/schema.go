package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"muster/internal/store/migrations"
)

// migrate brings the schema up to date. One that is newer than this program is refused: what it means is not known here.
func (s *Store) migrate(ctx context.Context) error {
	if err := s.refuseNewer(ctx, s.writer); err != nil {
		return err
	}
	dir, err := fs.Sub(migrations.FS, s.dialect.migrations())
	if err != nil {
		return err
	}
	opts, err := s.dialect.goose()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(s.dialect.name(), s.writer, dir, opts...)
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err == nil && pending {
		_, err = p.Up(ctx)
	}
	if err != nil {
		return fmt.Errorf("bring the database's schema up to date: %w", err)
	}
	return nil
}

// refuseNewer refuses a database that a newer program has migrated.
func (s *Store) refuseNewer(ctx context.Context, db *sql.DB) error {
	kept, err := s.schemaVersion(ctx, db)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	known, err := s.knownVersion()
	if err != nil {
		return err
	}
	if kept > known {
		return fmt.Errorf("the database has schema version %d, and this program knows versions up to %d: a newer Muster has used it. "+
			"Run that version, or restore a backup from before the update", kept, known)
	}
	return nil
}

// schemaVersion reads which migration was the last, 0 for a fresh database. It changes nothing.
func (s *Store) schemaVersion(ctx context.Context, db *sql.DB) (version int64, err error) {
	var there bool
	if err := db.QueryRowContext(ctx, s.dialect.hasTable(), goose.DefaultTablename).Scan(&there); err != nil || !there {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+goose.DefaultTablename).Scan(&version)
	return version, err
}

// knownVersion returns the version of this program's last migration.
func (s *Store) knownVersion() (latest int64, err error) {
	names, err := fs.Glob(migrations.FS, s.dialect.migrations()+"/*.sql")
	for _, name := range names {
		var v int64
		if v, err = goose.NumericComponent(name); err != nil {
			return 0, err
		}
		latest = max(latest, v)
	}
	return latest, err
}
