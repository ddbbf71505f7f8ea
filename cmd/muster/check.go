package main

import (
	"context"
	"errors"
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

// Run opens the database as the server would and checks it.
func (c *checkCommand) Run() error {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{DSN: c.Database, DataDir: c.Data})
	if err != nil {
		return err
	}
	if err := errors.Join(db.CheckIntegrity(ctx), db.Close()); err != nil {
		return err
	}
	fmt.Println("the database is sound")
	return nil
}
