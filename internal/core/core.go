// Package core owns what every use case stands on: who calls, what the caller may do, the cached accounts, audits and events.
// Permission is decided here and nowhere else: Can... reports it, Require... refuses.
package core

import (
	"log/slog"
	"time"

	"muster"
	"muster/internal/config"
	"muster/internal/eventbus"
	"muster/internal/store"
)

// Units of time in milliseconds.
const (
	Minute = int64(60_000)
	Hour   = 60 * Minute
	Day    = 24 * Hour
)

// Options are what a Core works with. All fields are required.
type Options struct {
	Store  *store.Store
	Config *config.Manager
	Bus    *eventbus.Bus
	Log    *slog.Logger
	Now    func() time.Time
}

// Core is what the use cases share. It is safe for concurrent use.
type Core struct {
	// Cache holds the accounts and sessions that nearly every request asks for.
	Cache *AccountCache

	store  *store.Store
	config *config.Manager
	bus    *eventbus.Bus
	log    *slog.Logger
	clock  func() time.Time
	roles  roleCache
	cancel []func() // of what listens to the store
}

// New returns a Core over one store.
func New(o Options) *Core {
	c := &Core{Cache: newAccountCache(), store: o.Store, config: o.Config, bus: o.Bus, log: o.Log, clock: o.Now}
	c.cancel = []func(){c.store.OnCommit(c.invalidate), c.store.OnDeliver(c.deliver)}
	// What may sign in, and by what, is a matter of settings too.
	c.config.OnChange(func(_, _ *config.Config) { c.Cache.ForgetAll() })
	return c
}

// Close ends listening to the store.
func (c *Core) Close() {
	for _, cancel := range c.cancel {
		cancel()
	}
}

// invalidate forgets what a transaction touched. Another node's changes will come in through the same call.
func (c *Core) invalidate(ch store.Changes) {
	if ch.Roles {
		c.roles.forget()
	}
	if touchesAll(ch) {
		c.Cache.dropAll()
	} else {
		c.Cache.drop(ch.Accounts)
	}
}

// touchesAll reports whether no account and no session may be taken from the cache: each may have to accept new terms first.
func touchesAll(ch store.Changes) bool { return ch.AllAccounts || ch.Terms }

// deliver tells those who go by what caches hold, now that all have forgotten, and publishes what a transaction caused.
func (c *Core) deliver(ch store.Changes) {
	if touchesAll(ch) {
		c.Cache.tellAll()
	} else {
		c.Cache.tell(ch.Accounts)
	}
	for _, u := range ch.Updated {
		c.PublishUserUpdated(u)
	}
	for _, e := range ch.Events {
		c.bus.Publish(e)
	}
}

// Config returns the settings in force. Callers must not change them.
func (c *Core) Config() *config.Config { return c.config.Current() }

// Now returns the time in Unix milliseconds.
func (c *Core) Now() int64 { return c.clock().UnixMilli() }

// Time returns the time.
func (c *Core) Time() time.Time { return c.clock() }

// Subscribe calls fn with every event that the use cases cause, until cancel is called. fn must not block.
func (c *Core) Subscribe(fn func(muster.Event)) (cancel func()) { return c.bus.Subscribe(fn) }

// Publish tells an audience of an event.
func (c *Core) Publish(name string, data map[string]any, to muster.Audience) {
	c.bus.Publish(muster.Event{Name: name, Data: data, Audience: to})
}
