// Package services wires the use cases together over one store and runs their background work.
package services

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"muster/internal/accounts"
	"muster/internal/auth"
	"muster/internal/auth/password"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/directory"
	"muster/internal/eventbus"
	"muster/internal/files"
	"muster/internal/files/blob"
	"muster/internal/mail"
	"muster/internal/mailer"
	"muster/internal/secretbox"
	"muster/internal/store"
	"muster/internal/system"
	"muster/internal/teams"
)

// Options are what the use cases work with. All fields are required but Breached, TempDir, Now and Log.
type Options struct {
	Store     *store.Store
	Config    *config.Manager
	Passwords *password.Hasher
	Breached  *password.Breached // that new passwords must not be among; nil for none
	Secrets   *secretbox.Box
	Blobs     blob.Store
	Mail      *mail.FileSender
	TempDir   string // of uploads that come; "" for the system's
	Bus       *eventbus.Bus
	Log       *slog.Logger
	Now       func() time.Time
}

// Services is every use case over one store.
type Services struct {
	Core      *core.Core
	Mailer    *mailer.Mailer
	Teams     *teams.Teams
	Directory *directory.Directory
	Files     *files.Files
	Auth      *auth.Auth
	Accounts  *accounts.Accounts
	System    *system.System

	store   *store.Store
	log     *slog.Logger
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New wires the use cases together and starts their background work: mails, maintenance, watching password schemes. Close ends it.
func New(o Options) *Services {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Services{store: o.Store, log: o.Log}
	s.Core = core.New(core.Options{Store: o.Store, Config: o.Config, Bus: o.Bus, Log: o.Log, Now: o.Now})
	s.Mailer = mailer.New(mailer.Options{Core: s.Core, Store: o.Store, Secrets: o.Secrets, Files: o.Mail, Log: o.Log, Now: o.Now})
	s.Teams = teams.New(teams.Options{Core: s.Core, Mailer: s.Mailer, Store: o.Store})
	s.Directory = directory.New(directory.Options{Core: s.Core, Teams: s.Teams, Store: o.Store})
	s.Files = files.New(files.Options{Core: s.Core, Teams: s.Teams, Store: o.Store, Blobs: o.Blobs, TempDir: o.TempDir, Log: o.Log})
	s.Auth = auth.New(auth.Options{
		Core: s.Core, Mailer: s.Mailer, Store: o.Store, Passwords: o.Passwords, Breached: o.Breached, Secrets: o.Secrets, Log: o.Log,
	})
	s.Accounts = accounts.New(accounts.Options{
		Core: s.Core, Mailer: s.Mailer, Files: s.Files, Teams: s.Teams, Directory: s.Directory, Auth: s.Auth, Store: o.Store, Log: o.Log,
	})
	s.System = system.New(system.Options{Core: s.Core, Mailer: s.Mailer, Accounts: s.Accounts, Store: o.Store, Config: o.Config, Secrets: o.Secrets, Log: o.Log, Now: o.Now})

	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.Core.LogError(ctx, "read password schemes", s.Auth.ReadPasswordSchemes(ctx))
	s.Core.LogError(ctx, "release the mails that a previous process claimed", s.Mailer.ReleaseClaims(ctx))
	for _, run := range []func(context.Context){s.runMaintenance, s.Mailer.Run, s.Auth.WatchPasswordSchemes} {
		s.running.Go(func() { run(ctx) })
	}
	return s
}

// Close ends the background work and writes what it has not yet written. Mails that are not sent when ctx ends are sent by the next process.
func (s *Services) Close(ctx context.Context) error {
	s.stop()
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		s.log.Warn("stopped before all mails under way were sent")
	}
	err := s.Auth.Close(context.WithoutCancel(ctx))
	s.System.Close()
	s.Core.Close()
	return err
}
