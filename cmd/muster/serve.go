package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"muster/internal/config"
)

const (
	drainTimeout = 30 * time.Second // for running requests at shutdown

	// garbagePercent lets the heap grow more between collections than Go's default of 100: each password hash takes
	// 19 MiB for about 20 ms, and a collection after each would cost logins a few per cent.
	garbagePercent = 200

	mailDir = "mail" // in the data directory
)

type serveCommand struct {
	Listen   string `help:"Address to listen on. Port 0 picks a free port." placeholder:"ADDR"`
	Data     string `help:"Directory for the SQLite database, the server's key, files and mails." default:"data" type:"path" placeholder:"DIR"`
	Config   string `help:"Settings file in JSON (docs/configuration.md)." placeholder:"FILE"`
	Database string `help:"URL of a PostgreSQL database. Without it, SQLite in the data directory is used." placeholder:"DSN"`

	LocalSocket string `help:"Also serve the API on a unix socket at this path, where no login is needed. Only the user who runs the server can open it." type:"path" placeholder:"PATH"`
}

// Help is shown below the flags of serve.
func (*serveCommand) Help() string {
	return `Settings come from flags, from environment variables named MUSTER_<SECTION>_<KEY>, from the database (changes made through the API) and from the settings file, in this
order of precedence (docs/configuration.md).

Example:

  muster serve --listen :8065 --data /var/lib/muster --config /etc/muster.json`
}

// flags returns the settings that the command line sets, by key.
func (s *serveCommand) flags() map[string]string {
	f := map[string]string{}
	if s.Listen != "" {
		f["ServiceSettings.ListenAddress"] = s.Listen
	}
	if s.Database != "" {
		f["SqlSettings.DataSource"] = s.Database
	}
	if s.LocalSocket != "" {
		f["ServiceSettings.EnableLocalMode"], f["ServiceSettings.LocalModeSocketLocation"] = "true", s.LocalSocket
	}
	return f
}

// Run serves until SIGINT or SIGTERM, then lets running requests finish.
func (s *serveCommand) Run() error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	settings, warnings, err := config.Load(config.Options{File: s.Config, Environ: os.Environ(), Flags: s.flags()})
	if err != nil {
		return fmt.Errorf("invalid settings:\n%w", err)
	}
	log := newLog(settings)
	for _, w := range warnings {
		log.Warn(w)
	}
	server, err := s.open(ctx, settings, log)
	if err != nil {
		return err
	}
	return errors.Join(server.serve(ctx), server.close())
}
