package store

import (
	"slices"
	"sync"

	"muster"
	"muster/internal/config"
)

// Changes are what a committed transaction touched that others keep copies of or wait for.
type Changes struct {
	Accounts     []string       // ids of accounts whose row, sessions or access tokens changed
	AllAccounts  bool           // so did everybody's
	Updated      []*muster.User // accounts as they are now, for those who see them
	Roles        bool           // what roles grant changed
	Terms        bool           // there are new terms of service
	Mail         bool           // the outbox has more to send
	Settings     *config.Stored // the settings as they are now, encrypted; nil if they did not change
	LinkRequests bool           // a mailed link was requested

	Events []muster.Event // that the transaction caused, in order
}

// accountChanged notes that nobody may go on with what they know of these accounts, their sessions or their tokens.
func (t *Tx) accountChanged(ids ...string) {
	t.changes.Accounts = append(t.changes.Accounts, ids...)
}

// listeners are called after each commit: all of invalidate, then all of deliver.
type listeners struct {
	mu         sync.RWMutex
	invalidate []*func(Changes)
	deliver    []*func(Changes)
}

// OnCommit calls fn after each transaction that committed, or may have, before Write returns, until cancel is called. It is for caches, which must forget what the
// transaction touched before anybody hears of it, and for workers that wait for something to do. fn must not block.
func (s *Store) OnCommit(fn func(Changes)) (cancel func()) {
	return s.listeners.add(&s.listeners.invalidate, fn)
}

// OnDeliver calls fn after OnCommit's functions, once all caches have forgotten: it is for events, and for what goes by what caches hold. Where it is not
// known whether a transaction committed, its Changes say only what caches must forget.
func (s *Store) OnDeliver(fn func(Changes)) (cancel func()) {
	return s.listeners.add(&s.listeners.deliver, fn)
}

func (l *listeners) add(list *[]*func(Changes), fn func(Changes)) (cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	added := &fn
	*list = append(slices.Clone(*list), added)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		*list = slices.DeleteFunc(slices.Clone(*list), func(other *func(Changes)) bool { return other == added })
	}
}

// invalidated has caches forget what a transaction touched.
func (l *listeners) invalidated(c Changes) {
	for _, fn := range l.current(&l.invalidate) {
		(*fn)(c)
	}
}

// delivered announces what a transaction caused.
func (l *listeners) delivered(c Changes) {
	for _, fn := range l.current(&l.deliver) {
		(*fn)(c)
	}
}

func (l *listeners) current(list *[]*func(Changes)) []*func(Changes) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return *list
}
