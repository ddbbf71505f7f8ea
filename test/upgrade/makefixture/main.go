// Command makefixture makes a fixture of the upgrade tests: it starts a version of Muster on a fresh database of either kind, fills it over HTTP and
// keeps what is left when it has stopped.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that creates and drops the database

	"muster"
	"muster/internal/subprocess"
	"muster/test/upgrade"
)

const serverVariable = "MUSTER_TEST_POSTGRES"

func main() {
	program := flag.String("program", "", "the `file` of the version's program (default: built from this checkout)")
	flag.Usage = func() {
		_, _ = fmt.Fprint(flag.CommandLine.Output(), `usage: makefixture [-program FILE] NAME

Makes the fixture test/upgrade/testdata/NAME of a version of Muster. It needs pg_dump, and the PostgreSQL server that MUSTER_TEST_POSTGRES names.

Example:

  scripts/with-postgres.sh go run ./test/upgrade/makefixture -program ./muster-1.0 v1.0

`)
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), *program, filepath.Join("test", "upgrade", "testdata", flag.Arg(0))); err != nil {
		fmt.Fprintln(os.Stderr, "makefixture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program, dir string) (err error) {
	temp, err := os.MkdirTemp("", "muster-fixture-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if program == "" {
		if program, err = subprocess.Build(ctx, "muster/cmd/muster", temp); err != nil {
			return err
		}
	}
	if err := makeOne(ctx, program, filepath.Join(temp, "sqlite"), "", filepath.Join(dir, "sqlite")); err != nil {
		return err
	}
	return withDatabase(ctx, func(dsn string) error {
		to := filepath.Join(dir, "postgres")
		if err := makeOne(ctx, program, filepath.Join(temp, "postgres"), dsn, to); err != nil {
			return err
		}
		return dump(ctx, dsn, filepath.Join(to, upgrade.DumpFile))
	})
}

// makeOne fills a server on one database and keeps its data directory and the facts.
func makeOne(ctx context.Context, program, data, dsn, to string) error {
	p, err := subprocess.Start(ctx, subprocess.Options{
		Program: program, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--database", dsn}, Log: os.Stderr,
		Env: upgrade.Environment(upgrade.NoMailServer),
	})
	if err != nil {
		return err
	}
	facts, err := upgrade.Fill(ctx, p.URL)
	if err = errors.Join(err, p.Stop()); err != nil {
		return err
	}
	facts.MadeAt = time.Now().UnixMilli()
	return errors.Join(os.MkdirAll(to, 0o755), facts.Save(to), upgrade.Pack(filepath.Join(to, upgrade.DataFile), data))
}

// withDatabase makes a database for as long as use takes.
func withDatabase(ctx context.Context, use func(dsn string) error) (err error) {
	server, err := url.Parse(os.Getenv(serverVariable))
	if err != nil {
		return err
	}
	if server.Host == "" {
		return errors.New(serverVariable + " names no PostgreSQL server (scripts/with-postgres.sh starts one)")
	}
	db, err := sql.Open("pgx", server.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	name := "muster_fixture_" + strings.ToLower(muster.NewID())
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	defer func() {
		_, dropErr := db.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		err = errors.Join(err, dropErr)
	}()
	server.Path = "/" + name
	return use(server.String())
}

// dump keeps a database as statements that need neither psql nor an account's name.
func dump(ctx context.Context, dsn, to string) error {
	program, err := findDump()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "--inserts", "--no-owner", "--no-privileges", dsn)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("pg_dump: %w", err)
	}
	return upgrade.SaveDump(to, string(text))
}

// findDump returns the path of pg_dump, which Debian keeps beside each version of the server.
func findDump() (string, error) {
	if program, err := exec.LookPath("pg_dump"); err == nil {
		return program, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if err == nil && len(found) == 0 {
		err = errors.New("pg_dump is not installed")
	}
	if err != nil {
		return "", err
	}
	return slices.Max(found), nil
}
