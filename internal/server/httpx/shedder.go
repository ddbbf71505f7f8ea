package httpx

import (
	"hash/maphash"
	"sync"
	"time"

	"muster/internal/network"
)

const (
	shedAfter = 100         // refusals of a network within shedTime
	shedTime  = time.Second // for which its new connections are closed then
	shedSlots = 1 << 10     // networks that are watched at the same time
)

// shedder finds networks that keep asking for more than they may have: a refusal costs a connection, a parsed request and an answer, closing a new
// connection next to nothing. The zero value is ready.
type shedder struct {
	once  sync.Once
	seed  maphash.Seed
	mu    sync.Mutex
	slots [shedSlots]shedSlot
}

// shedSlot is what is known of one of the networks that share the slot.
type shedSlot struct {
	network  network.Network
	refusals int
	began    time.Time // the counting, or the shedding once there are shedAfter
}

// slot returns the place of a network. shedder.mu is held.
func (s *shedder) slot(n network.Network) *shedSlot {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	return &s.slots[maphash.Comparable(s.seed, n)%shedSlots]
}

// refused notes a refusal. A slot in use by another network is left to it: to overlook some costs less than to shed the wrong ones.
func (s *shedder) refused(n network.Network, now time.Time) {
	if n.IsZero() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.slot(n)
	if now.Sub(slot.began) >= shedTime {
		*slot = shedSlot{network: n, began: now}
	}
	if slot.network != n || slot.refusals >= shedAfter {
		return
	}
	if slot.refusals++; slot.refusals == shedAfter {
		slot.began = now
	}
}

// sheds reports whether a network's new connections are to be closed.
func (s *shedder) sheds(n network.Network, now time.Time) bool {
	if n.IsZero() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.slot(n)
	return slot.network == n && slot.refusals >= shedAfter && now.Sub(slot.began) < shedTime
}
