package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"muster/internal/auth/password"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/diskspace"
	"muster/internal/eventbus"
	"muster/internal/files/blob"
	"muster/internal/mail"
	"muster/internal/secretbox"
	"muster/internal/server/api"
	"muster/internal/server/httpx"
	"muster/internal/server/web"
	"muster/internal/server/ws"
	"muster/internal/services"
	"muster/internal/store"
)

// server holds everything that runs.
type server struct {
	dataDir  string
	settings *config.Manager
	log      *slog.Logger
	store    *store.Store
	services *services.Services
	ready    atomic.Bool
	limiter  *httpx.Limiter
	hub      *ws.Hub
	metrics  *metrics
	disk     *diskspace.Watcher
	closers  []io.Closer // what the app uses, closed after it
}

func (s *serveCommand) open(ctx context.Context, settings *config.Manager, log *slog.Logger) (_ *server, err error) {
	c := settings.Current()
	disk, err := diskspace.Open(diskspace.Options{
		Dir: s.Data, Reserve: c.StorageSettings.DiskReserveBytes, Warn: c.StorageSettings.DiskWarnBytes, Refuse: c.StorageSettings.DiskRefuseBytes, Log: log,
	})
	if err != nil {
		return nil, err
	}
	options := store.Options{DSN: c.SqlSettings.DataSource, DataDir: s.Data, Log: log}
	if options.DSN == "" {
		options.Disk = disk // the disk of PostgreSQL is not this server's to watch
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
		return nil, fmt.Errorf("settings in the database: %w", err)
	}
	for _, w := range warnings {
		log.Warn(w)
	}
	if !settings.Current().RateLimitSettings.Enable {
		log.Warn("rate limits are off: RateLimitSettings.Enable is false, so a single client can make the server unavailable to everybody. " +
			"If the setting comes from a config.json of the reference server, remove its section RateLimitSettings")
	}
	if err := core.CreateBuiltInRoles(ctx, db); err != nil {
		return nil, fmt.Errorf("built-in roles: %w", err)
	}
	blobs, err := blob.Open(ctx, filepath.Join(s.Data, "files"), c.FileSettings)
	if err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	if c.FileSettings.DriverName == "local" {
		blobs = blob.WithSpaceCheck(blobs, disk.Admit)
	}
	mails, err := mail.NewFileSender(filepath.Join(s.Data, mailDir))
	if err != nil {
		return nil, fmt.Errorf("mail directory: %w", err)
	}
	closers := []io.Closer{blobs, mails}
	var breached *password.Breached
	if file := c.PasswordSettings.BreachedPasswordsFile; file != "" {
		if breached, err = password.OpenBreached(file); err != nil {
			return nil, fmt.Errorf("PasswordSettings.BreachedPasswordsFile: %w", err)
		}
		closers = append(closers, breached)
	}
	hasher := password.New(password.Options{LimitNetworks: func() bool { return settings.Current().RateLimitSettings.Enable }})
	a := services.New(services.Options{
		Store: db, Config: settings, Passwords: hasher, Breached: breached, Secrets: secrets, Blobs: blobs, Mail: mails, TempDir: s.Data, Bus: &eventbus.Bus{}, Log: log,
	})
	limiter := httpx.NewLimiter(a, log)
	hub := ws.New(ws.Options{Services: a, Log: log, Version: version(), Limiter: limiter})
	return &server{
		dataDir: s.Data, settings: settings, log: log, store: db, services: a, limiter: limiter, hub: hub, disk: disk, metrics: newMetrics(db, a, hub, limiter, disk),
		closers: closers,
	}, nil
}

// serve serves requests until ctx ends, then lets running requests finish.
func (s *server) serve(ctx context.Context) error {
	c := s.settings.Current()
	listener, err := net.Listen("tcp", c.ServiceSettings.ListenAddress)
	if err != nil {
		return fmt.Errorf("listen: %w (another server may be using the address; choose another with --listen)", err)
	}
	options := api.Options{Services: s.services, Log: s.log, Record: s.metrics.record, Version: version(), Socket: s.hub, Limiter: s.limiter}
	pages := web.New(web.Options{Services: s.services, Log: s.log, Record: s.metrics.record, Limiter: s.limiter})
	main := httpx.NewServer(httpx.NewRouter(s.services, api.New(options), pages), s.log, httpx.Timeouts{})
	local, err := s.localListener(options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	metrics := s.startMetricsServer(c.MetricsSettings.ListenAddress)
	go s.disk.Run(ctx)
	failed := make(chan error, 1)
	go func() { failed <- main.Serve(httpx.Listen(listener, s.limiter, httpx.Timeouts{})) }()
	s.ready.Store(true)
	s.printStartup(listener.Addr(), metrics)
	debug.FreeOSMemory() // memory that only the start needed, mostly password dictionaries
	select {
	case err = <-failed:
	case <-s.store.Lost():
		err = errors.New("another server has taken over the database")
	case <-ctx.Done():
		s.log.Info("shutting down, waiting for running requests")
	}
	s.ready.Store(false)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	err = errors.Join(err, s.hub.Close(drain), main.Shutdown(drain)) // http.Server does not shut down hijacked connections, such as WebSockets
	for _, other := range []*internalServer{local, metrics} {
		if other != nil {
			err = errors.Join(err, other.Shutdown(drain))
		}
	}
	return err
}

// printStartup prints where everything is. The format of the first line is fixed, since other programs parse it.
func (s *server) printStartup(addr net.Addr, metrics *internalServer) {
	at := "http://" + addr.String()
	fmt.Println("listening on " + at)
	database := "PostgreSQL"
	if s.settings.Current().SqlSettings.DataSource == "" {
		database = "SQLite in the data directory"
	}
	mails := "sent through " + s.settings.Current().EmailSettings.SMTPServer
	if !s.settings.Current().EmailSettings.HasServer() {
		mails = "written to " + filepath.Join(s.dataDir, mailDir)
	}
	fmt.Printf("data in %s (%s), mails are %s\n", s.dataDir, database, mails)
	if metrics != nil {
		fmt.Printf("health and metrics on http://%s (/healthz /readyz /metrics)\n", metrics.addr)
	}
	if empty, err := s.store.Empty(context.Background()); err == nil && empty {
		fmt.Print(strings.ReplaceAll(firstSteps, "URL", at))
	}
}

const firstSteps = `Next, create the first account, which becomes system_admin, at URL/signup_user_complete or with
  curl URL/api/v4/users -d '{"email":"you@example.com","username":"you","password":"a long secret"}'
`

func (s *server) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	err := errors.Join(s.hub.Close(ctx), s.services.Close(ctx))
	for _, c := range s.closers {
		err = errors.Join(err, c.Close())
	}
	return errors.Join(err, s.store.Close())
}
