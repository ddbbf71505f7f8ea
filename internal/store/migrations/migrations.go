// Package migrations holds the changes of the database's schema, one directory for each database. Both directories have the same versions and lead to the
// same tables: a test of the store compares them. A migration that was released is never changed.
package migrations

import "embed"

// FS has the directories sqlite and postgres.
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
