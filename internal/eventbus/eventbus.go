// Package eventbus carries events from the use cases to whoever listens: the WebSocket hub, tests.
// It is in-process; a node's listener to other nodes will feed the same Publish.
package eventbus

import (
	"slices"
	"sync"

	"muster"
)

// Bus hands each published event to every subscriber, in order, on the publisher's goroutine.
// The zero value is ready. Subscribers must not block.
type Bus struct {
	mu   sync.RWMutex
	subs []*subscriber
}

type subscriber struct{ fn func(muster.Event) }

// Publish tells every subscriber of e.
func (b *Bus) Publish(e muster.Event) {
	b.mu.RLock()
	subs := b.subs
	b.mu.RUnlock()
	for _, s := range subs {
		s.fn(e)
	}
}

// Subscribe calls fn for every later event until cancel is called.
func (b *Bus) Subscribe(fn func(muster.Event)) (cancel func()) {
	s := &subscriber{fn}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = append(slices.Clone(b.subs), s)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.subs = slices.DeleteFunc(slices.Clone(b.subs), func(x *subscriber) bool { return x == s })
	}
}
