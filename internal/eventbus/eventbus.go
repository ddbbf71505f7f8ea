// Package eventbus delivers events of the use cases to subscribers in the same process, such as the WebSocket hub. It does not decide who may receive an
// event: a subscriber that passes events on to clients must.
package eventbus

import (
	"slices"
	"sync"

	"muster"
)

// Bus calls every subscriber with each published event, in order, in the publisher's goroutine. Subscribers must not block. The zero value is ready to use.
type Bus struct {
	mu   sync.RWMutex
	subs []*subscriber
}

type subscriber struct{ fn func(muster.Event) }

// Publish calls every subscriber with e.
func (b *Bus) Publish(e muster.Event) {
	b.mu.RLock()
	subs := b.subs
	b.mu.RUnlock()
	for _, s := range subs {
		s.fn(e)
	}
}

// Subscribe registers fn to be called with every later event until cancel is called.
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
