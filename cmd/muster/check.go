package main

import (
	"context"
	"fmt"

	"muster/internal/store"
)

type checkCommand struct {
	Data     string `help:"Data directory with the SQLite database." default:"data" type:"path" placeholder:"DIR"`
	Database string `help:"URL of a PostgreSQL database. Without it, the SQLite database in the data directory is checked." placeholder:"DSN"`
}

// Help is shown below the flags of check.
func (*checkCommand) Help() string {
	return `Check reads the whole database and changes nothing. Stop a server that uses the same data directory first.

Example:

  muster check --data /var/lib/muster`
}

// Run checks the database and changes nothing.
func (c *checkCommand) Run() error {
	if err := store.Check(context.Background(), store.Options{DSN: c.Database, DataDir: c.Data}); err != nil {
		return err
	}
	fmt.Println("the database is sound")
	return nil
}
