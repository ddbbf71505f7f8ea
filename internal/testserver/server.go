// Package testserver runs a complete server for tests, with real HTTP and a real database, and records its events.
package testserver

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/auth/password"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/eventbus"
	"muster/internal/files/blob"
	"muster/internal/mail"
	"muster/internal/require"
	"muster/internal/secretbox"
	"muster/internal/server/api"
	"muster/internal/server/httpx"
	"muster/internal/server/web"
	"muster/internal/server/ws"
	"muster/internal/services"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

// cheapHash makes password hashing fast. The real cost is tested with the hasher.
const cheapHash = 64 // KiB

// Key is the encryption key of the servers.
const Key = "the key of a server that a test runs"

// Password is the password of every test account.
const Password = "Passw0rd!test"

// Server is a running server with access to its internals.
type Server struct {
	URL       string
	Handler   http.Handler // serves URL
	Store     *store.Store
	Services  *services.Services
	Passwords *password.Hasher
	Files     string // folder of pictures and uploads
	MailDir   string // folder of mails, as there is no SMTP server
	events    *ear
}

// Each runs a scenario with a new server on every available database.
func Each(t *testing.T, scenario func(t *testing.T, s *Server)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.Store) {
		scenario(t, On(t, db))
	})
}

// New starts a new server on SQLite.
func New(t testing.TB) *Server {
	t.Helper()
	return On(t, storetest.SQLite(t))
}

// On starts a new server on a database that the test opened.
func On(t testing.TB, db *store.Store) *Server {
	t.Helper()
	return (&Server{Store: db, Files: t.TempDir(), MailDir: t.TempDir()}).start(t, time.Now)
}

// Node starts another server with the same database, files and mails but a separate clock and caches, as after a restart. Neither is notified of the
// other's changes.
func (s *Server) Node(t testing.TB, now func() time.Time) *Server {
	t.Helper()
	return (&Server{Store: s.Store, Files: s.Files, MailDir: s.MailDir}).start(t, now)
}

func (s *Server) start(t testing.TB, now func() time.Time) *Server {
	t.Helper()
	ctx := context.Background()
	settings, _, err := config.Load(config.Options{})
	require.NoError(t, err)
	secrets, err := secretbox.New([]byte(Key))
	require.NoError(t, err)
	_, err = settings.Attach(ctx, secretbox.EncryptedSettings{Box: secrets, Store: s.Store})
	require.NoError(t, err)
	require.NoError(t, core.CreateBuiltInRoles(ctx, s.Store))
	blobs, err := blob.OpenDir(s.Files)
	require.NoError(t, err)
	folder, err := mail.NewFileSender(s.MailDir)
	require.NoError(t, err)
	s.events = &ear{}
	b := &eventbus.Bus{}
	b.Subscribe(s.events.hear)
	log := slog.New(slog.DiscardHandler)
	s.Passwords = password.New(password.Options{MemoryKiB: cheapHash, LimitNetworks: func() bool { return settings.Current().RateLimitSettings.Enable }})
	a := services.New(services.Options{
		Store: s.Store, Config: settings, Passwords: s.Passwords, Secrets: secrets,
		Blobs: blobs, Mail: folder, TempDir: s.Files, Bus: b, Log: log, Now: now,
	})
	limiter := httpx.NewLimiter(a, log)
	hub := ws.New(ws.Options{Services: a, Log: log, Version: "test", Limiter: limiter})
	pages := web.New(web.Options{Services: a, Log: log, Limiter: limiter})
	s.Services, s.Handler = a, httpx.NewRouter(a, api.New(api.Options{Services: a, Log: log, Version: "test", Socket: hub, Limiter: limiter}), pages)
	h := httptest.NewUnstartedServer(nil)
	h.Config = httpx.NewServer(contract(t, s.Handler), log, httpx.Timeouts{})
	h.Listener = httpx.Listen(h.Listener, limiter, httpx.Timeouts{})
	h.Start()
	t.Cleanup(func() {
		require.NoError(t, hub.Close(ctx))
		h.Close()
		require.NoError(t, a.Close(ctx))
		require.NoError(t, errors.Join(blobs.Close(), folder.Close()))
	})
	s.URL = h.URL
	return s
}

// Client returns a client without a session.
func (s *Server) Client() *client.Client { return client.New(s.URL) }

// Admin makes the first account, or signs it in again, and returns its client and itself.
func (s *Server) Admin(t testing.TB) (*client.Client, *muster.User) {
	t.Helper()
	if _, err := s.Store.UserByUsername(t.Context(), "admin"); err == nil {
		return s.SignIn(t, "admin")
	}
	return s.signUp(t, s.Client(), "admin")
}

// User creates an account as the administrator and signs it in.
func (s *Server) User(t testing.TB, name string) (*client.Client, *muster.User) {
	t.Helper()
	admin, _ := s.Admin(t)
	return s.signUp(t, admin, name)
}

func (s *Server) signUp(t testing.TB, by *client.Client, name string) (*client.Client, *muster.User) {
	t.Helper()
	_, err := by.CreateUser(t.Context(), &muster.User{Username: name, Email: name + "@example.com", Password: Password, DisableWelcomeEmail: true})
	require.NoError(t, err)
	return s.SignIn(t, name)
}

// SignIn signs an account in, with Password.
func (s *Server) SignIn(t testing.TB, name string) (*client.Client, *muster.User) {
	t.Helper()
	c := s.Client()
	u, err := c.Login(t.Context(), name, Password)
	require.NoError(t, err)
	return c, u
}

// Configure patches the settings as an administrator.
func (s *Server) Configure(t testing.TB, patch string) {
	t.Helper()
	admin, _ := s.Admin(t)
	_, err := admin.PatchConfig(t.Context(), json.RawMessage(patch))
	require.NoError(t, err)
}

// Events returns the events with a name so far, oldest first.
func (s *Server) Events(name string) []muster.Event { return s.events.of(name) }

// ForgetEvents discards the events so far.
func (s *Server) ForgetEvents() { s.events.forget() }

// ear records all events.
type ear struct {
	mu    sync.Mutex
	heard []muster.Event
}

func (e *ear) hear(ev muster.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, ev)
}

func (e *ear) of(name string) []muster.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.heard), func(ev muster.Event) bool { return ev.Name != name })
}

func (e *ear) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = nil
}

// Settings decodes settings from a response.
func Settings(t testing.TB, raw json.RawMessage) *config.Config {
	t.Helper()
	c := &config.Config{}
	if err := json.Unmarshal(raw, c); err != nil {
		t.Fatalf("settings: %v", err)
	}
	return c
}
