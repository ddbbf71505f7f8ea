package main

import (
	"context"
	"fmt"

	"muster/internal/store"
)

type checkCommand struct {
	Data     string `help:"Directory of the embedded database." default:"data" type:"path" placeholder:"DIR"`
	Database string `help:"postgres:// URL of the database; without it SQLite in the data directory." placeholder:"DSN"`
}

// Help is shown below the flags of check.
func (*checkCommand) Help() string {
	return `Example:

  muster check --data /var/lib/muster`
}

// Run looks at the database and changes nothing.
func (c *checkCommand) Run() error {
	if err := store.Check(context.Background(), store.Options{DSN: c.Database, DataDir: c.Data}); err != nil {
		return err
	}
	fmt.Println("the database is sound")
	return nil
}
