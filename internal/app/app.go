// Package app holds the use cases: one method each, one file an area. It is the only place that decides
// permissions, writes audits and publishes events. Every method's error is a *muster.Error or an internal one.
package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"muster"
	"muster/internal/auth/password"
	"muster/internal/config"
	"muster/internal/eventbus"
	"muster/internal/files/blob"
	"muster/internal/mail"
	"muster/internal/network"
	"muster/internal/secretbox"
	"muster/internal/store"
)

// Options are what an App works with. All fields are required but Breached, Now and Log.
type Options struct {
	Store     *store.Store
	Config    *config.Live
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

// Units of time in milliseconds.
const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

// App is the use cases over one store.
type App struct {
	store     *store.Store
	config    *config.Live
	passwords *password.Hasher
	breached  *password.Breached
	secrets   *secretbox.Box
	blobs     blob.Store
	mail      *mail.FileSender
	tempDir   string
	bus       *eventbus.Bus
	log       *slog.Logger
	clock     func() time.Time
	cache     *cache
	roles     roleBook
	terms     termsBook
	activity  *activity
	pictures  pictureUploads
	inFlight  *inFlight
	attacks   *attacks
	office    *postOffice
	stop      context.CancelFunc
	unlisten  func()
	running   sync.WaitGroup
}

// New makes an App and starts its background work (session activity, mails, sweeps). Close ends it.
func New(o Options) *App {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	ctx, stop := context.WithCancel(context.Background())
	a := &App{
		store: o.Store, config: o.Config, passwords: o.Passwords, breached: o.Breached, secrets: o.Secrets, blobs: o.Blobs, mail: o.Mail, tempDir: o.TempDir, bus: o.Bus, log: o.Log, clock: o.Now,
		cache: newCache(), activity: newActivity(), inFlight: newInFlight(), attacks: newAttacks(), office: newPostOffice(), stop: stop,
	}
	a.unlisten = a.store.OnCommit(func(c store.Changes) {
		if c.Mail {
			a.office.mails.ring()
		}
		if c.LinkRequests {
			a.office.links.ring()
		}
	})
	a.running.Go(func() { a.keepHouse(ctx) })
	a.running.Go(func() { a.runPostOffice(ctx) })
	a.running.Go(func() { a.answerLinkRequests(ctx) })
	a.warn(ctx, "read password schemes", a.readPasswordSchemes(ctx))
	a.running.Go(func() { a.watchPasswordSchemes(ctx) })
	// What may sign in, and by what, is a matter of settings too.
	a.config.OnChange(func(_, _ *config.Config) { a.cache.forgetAll() })
	return a
}

// Close ends the background work and writes down what it still holds. A mail that is not sent when ctx ends is sent by the next process.
func (a *App) Close(ctx context.Context) error {
	a.unlisten()
	a.stop()
	ended := make(chan struct{})
	go func() {
		a.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		a.log.Warn("stopped before all mails under way were sent")
	}
	return a.flushActivity(context.WithoutCancel(ctx))
}

// Config is the settings in force. Callers must not change them.
func (a *App) Config() *config.Config { return a.config.Current() }

func (a *App) now() int64 { return a.clock().UnixMilli() }

func (a *App) publish(name string, data map[string]any, to muster.Audience) {
	a.bus.Publish(muster.Event{Name: name, Data: data, Audience: to})
}

// Caller is who asks for a use case, and over which request.
type Caller struct {
	Session   *muster.Session // nil without a sign-in
	User      *muster.User    // the session's account; nil for the local socket
	IP        string
	UserAgent string
	RequestID string
	// DeviceTokens are what earlier sign-ins left on the device.
	DeviceTokens []string
	// Former is the session that a request for a new one came with, nil for none: it shows a device that the account knows, and nothing else.
	Former *muster.Session
	Path   string // of the request: an audit's action
}

// ID is the caller's user id, "" without a sign-in.
func (c *Caller) ID() string {
	if c.Session == nil {
		return ""
	}
	return c.Session.UserID
}

// Network is what the caller is counted by where strangers are limited.
func (c *Caller) Network() network.Network { return network.Of(c.IP) }

// byLink is the caller as what a mailed link allows is done: the link's owner does it, whoever else is signed in there.
func (c *Caller) byLink() *Caller {
	owner := *c
	owner.Session, owner.User = nil, nil
	return &owner
}

// origin is what the caller's hashes are queued by.
func (c *Caller) origin() password.Origin {
	return password.Origin{Network: c.Network(), Account: c.ID()}
}

// local tells whether the caller is on the server's own machine, over its local socket.
func (c *Caller) local() bool { return c.Session != nil && c.Session.Local }

// audit is a line for userID's history; session_user tells whose session did it.
func (a *App) audit(who *Caller, userID, info string) *muster.Audit {
	au := &muster.Audit{ID: muster.NewID(), CreateAt: a.now(), UserID: userID, Action: who.Path, ExtraInfo: info, IPAddress: who.IP}
	if who.Session != nil {
		au.SessionID = who.Session.ID
		if info != "" {
			au.ExtraInfo += " "
		}
		au.ExtraInfo += "session_user=" + who.Session.UserID
	}
	return au
}

// auditSelf is a line for the caller's own history.
func (a *App) auditSelf(who *Caller, info string) *muster.Audit { return a.audit(who, who.ID(), info) }

// BadText tells whether a use case failed for a text that no row can hold: the request's fault, which the reader of one field can't see.
func BadText(err error) bool { return store.Unstorable(err) }

// missing turns the store's "no such row" into the protocol's error and leaves other errors alone.
func missing(err error, kind muster.Kind, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return muster.E(kind, id, err)
	}
	return err
}

// missingAccount is the protocol's answer for a user id that nobody has.
func missingAccount(err error) error {
	return missing(err, muster.NotFound, "app.user.missing_account.const")
}
