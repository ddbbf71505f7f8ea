package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"muster"
	"muster/internal/app"
	"muster/internal/auth/password"
	"muster/internal/config"
	"muster/internal/diskspace"
	"muster/internal/eventbus"
	"muster/internal/files/blob"
	"muster/internal/mail"
	"muster/internal/secretbox"
	"muster/internal/server/api"
	"muster/internal/server/httpx"
	"muster/internal/server/web"
	"muster/internal/server/ws"
	"muster/internal/store"
)

const (
	drainTime = 30 * time.Second // for requests under way at shutdown

	// garbagePercent lets the heap grow further between collections than Go's 100: every password hash takes 19 MiB
	// for some 20 ms, and collecting after each costs sign-ins a few per cent.
	garbagePercent = 200

	mailFolder = "mail" // below the data directory
)

type serveCommand struct {
	Listen   string `help:"Address to serve on; port 0 takes a free one." placeholder:"ADDR"`
	Data     string `help:"Directory for the embedded database, the server's key, files and mails." default:"data" type:"path" placeholder:"DIR"`
	Config   string `help:"JSON file of settings, by the reference server's names (docs/configuration.md)." placeholder:"FILE"`
	Database string `help:"postgres:// URL of the database; without it SQLite in the data directory." placeholder:"DSN"`

	LocalSocket string `help:"Serve the API without sign-in on a unix socket here, for this machine's administrator." type:"path" placeholder:"PATH"`
}

// Help is shown below the flags of serve.
func (*serveCommand) Help() string {
	return `Every setting can also come from the settings file or from MUSTER_<SECTION>_<KEY> variables (docs/configuration.md).

Example:

  muster serve --listen :8065 --data /var/lib/muster --config /etc/muster.json`
}

// flags are the settings that the command line names, by key.
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

// Run serves until SIGINT or SIGTERM, then lets the requests under way finish.
func (s *serveCommand) Run() error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	settings, warnings, err := config.Load(config.Options{File: s.Config, Environ: os.Environ(), Flags: s.flags()})
	if err != nil {
		return fmt.Errorf("the settings can't be used:\n%w", err)
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

// server is everything that runs.
type server struct {
	dataDir  string
	settings *config.Live
	log      *slog.Logger
	store    *store.Store
	app      *app.App
	ready    atomic.Bool
	limiter  *httpx.Limiter
	hub      *ws.Hub
	metrics  *metrics
	disk     *diskspace.Watcher
	kept     []io.Closer // what the app works with, closed after it
}

func (s *serveCommand) open(ctx context.Context, settings *config.Live, log *slog.Logger) (_ *server, err error) {
	c := settings.Current()
	disk, err := diskspace.Open(diskspace.Options{
		Dir: s.Data, Reserve: c.StorageSettings.DiskReserveBytes, Warn: c.StorageSettings.DiskWarnBytes, Refuse: c.StorageSettings.DiskRefuseBytes, Log: log,
	})
	if err != nil {
		return nil, err
	}
	options := store.Options{DSN: c.SqlSettings.DataSource, DataDir: s.Data, Log: log}
	if options.DSN == "" {
		options.Disk = disk // PostgreSQL's own disk is for PostgreSQL to watch
	}
	db, err := store.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	secrets, err := secretbox.Open(ctx, s.Data, c.SqlSettings.AtRestEncryptKey, db)
	if err != nil {
		return nil, err
	}
	warnings, err := settings.Attach(ctx, secretbox.EncryptedSettings{Box: secrets, Store: db})
	if err != nil {
		return nil, fmt.Errorf("settings kept in the database: %w", err)
	}
	for _, w := range warnings {
		log.Warn(w)
	}
	if !settings.Current().RateLimitSettings.Enable {
		log.Warn("limits by network are off: RateLimitSettings.Enable is false, and one client can take the server from everybody else. " +
			"If that came with a config.json of the reference server, remove its section RateLimitSettings")
	}
	if err := db.SeedRoles(ctx, muster.BuiltInRoles()); err != nil {
		return nil, fmt.Errorf("built-in roles: %w", err)
	}
	blobs, err := blob.Open(ctx, filepath.Join(s.Data, "files"), c.FileSettings)
	if err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	if c.FileSettings.DriverName == "local" {
		blobs = blob.WithSpaceCheck(blobs, disk.Admit)
	}
	mails, err := mail.NewFileSender(filepath.Join(s.Data, mailFolder))
	if err != nil {
		return nil, fmt.Errorf("mail folder: %w", err)
	}
	kept := []io.Closer{blobs, mails}
	var breached *password.Breached
	if file := c.PasswordSettings.BreachedPasswordsFile; file != "" {
		if breached, err = password.OpenBreached(file); err != nil {
			return nil, fmt.Errorf("PasswordSettings.BreachedPasswordsFile: %w", err)
		}
		kept = append(kept, breached)
	}
	hasher := password.New(password.Options{LimitNetworks: func() bool { return settings.Current().RateLimitSettings.Enable }})
	a := app.New(app.Options{
		Store: db, Config: settings, Passwords: hasher, Breached: breached, Secrets: secrets, Blobs: blobs, Mail: mails, TempDir: s.Data, Bus: &eventbus.Bus{}, Log: log,
	})
	limiter := httpx.NewLimiter(a, log)
	hub := ws.New(ws.Options{App: a, Log: log, Version: version(), Limiter: limiter})
	return &server{
		dataDir: s.Data, settings: settings, log: log, store: db, app: a, limiter: limiter, hub: hub, disk: disk, metrics: newMetrics(db, a, hub, limiter, disk),
		kept: kept,
	}, nil
}

// serve answers requests until ctx ends and then drains.
func (s *server) serve(ctx context.Context) error {
	c := s.settings.Current()
	listener, err := net.Listen("tcp", c.ServiceSettings.ListenAddress)
	if err != nil {
		return fmt.Errorf("listen: %w (another server may be using the address; --listen names another)", err)
	}
	options := api.Options{App: s.app, Log: s.log, Record: s.metrics.record, Version: version(), Socket: s.hub, Limiter: s.limiter}
	pages := web.New(web.Options{App: s.app, Log: s.log, Record: s.metrics.record, Limiter: s.limiter})
	main := httpx.NewServer(httpx.NewRouter(s.app, api.New(options), pages), s.log, httpx.Timeouts{})
	local, err := s.localListener(options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	side := s.sideListener(c.MetricsSettings.ListenAddress)
	go s.disk.Run(ctx)
	failed := make(chan error, 1)
	go func() { failed <- main.Serve(httpx.Listen(listener, s.limiter, httpx.Timeouts{})) }()
	s.ready.Store(true)
	s.greet(listener.Addr(), side)
	debug.FreeOSMemory() // what the start needed, dictionaries of passwords above all, is not needed again
	select {
	case err = <-failed:
	case <-s.store.Lost():
		err = errors.New("another server has taken the database over")
	case <-ctx.Done():
		s.log.Info("shutting down: requests under way may finish")
	}
	s.ready.Store(false)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	err = errors.Join(err, s.hub.Close(drain), main.Shutdown(drain)) // the server knows nothing of its WebSockets any more
	for _, other := range []*sideServer{local, side} {
		if other != nil {
			err = errors.Join(err, other.Shutdown(drain))
		}
	}
	return err
}

// greet says where things are; the first line's form is fixed, other programs read it.
func (s *server) greet(addr net.Addr, side *sideServer) {
	at := "http://" + addr.String()
	fmt.Println("listening on " + at)
	database := "PostgreSQL"
	if s.settings.Current().SqlSettings.DataSource == "" {
		database = "SQLite in the data directory"
	}
	mails := "by " + s.settings.Current().EmailSettings.SMTPServer
	if !s.settings.Current().EmailSettings.HasServer() {
		mails = "as files in " + filepath.Join(s.dataDir, mailFolder)
	}
	fmt.Printf("data in %s (%s), mails %s\n", s.dataDir, database, mails)
	if side != nil {
		fmt.Printf("health and metrics on http://%s (/healthz /readyz /metrics)\n", side.addr)
	}
	if empty, err := s.store.Empty(context.Background()); err == nil && empty {
		fmt.Print(strings.ReplaceAll(firstSteps, "URL", at))
	}
}

const firstSteps = `next: create the first account, which becomes system_admin, on URL/signup_user_complete or by
  curl URL/api/v4/users -d '{"email":"you@example.com","username":"you","password":"a long secret"}'
`

func (s *server) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err := errors.Join(s.hub.Close(ctx), s.app.Close(ctx))
	for _, k := range s.kept {
		err = errors.Join(err, k.Close())
	}
	return errors.Join(err, s.store.Close())
}
