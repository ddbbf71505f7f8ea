package httpx

import (
	"hash/maphash"
	"sync"
	"time"

	"muster/internal/network"
)

const (
	shedAfter = 100         // refusals within shedTime
	shedTime  = time.Second // how long new connections are closed after that
	shedSlots = 1 << 10     // how many networks are watched at the same time
)

// shedder finds networks that keep exceeding their limits. To refuse a request takes a connection, the parsing of the request and a response; to close a
// new connection takes next to nothing. The zero value is ready to use.
type shedder struct {
	once  sync.Once
	seed  maphash.Seed
	mu    sync.Mutex
	slots [shedSlots]shedSlot
}

// shedSlot counts the refusals of one network. Several networks share a slot, one at a time.
type shedSlot struct {
	network  network.Network
	refusals int
	start    time.Time // of the counting, or of the shedding after shedAfter refusals
}

// slot returns the slot of a network. The caller holds s.mu.
func (s *shedder) slot(n network.Network) *shedSlot {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	return &s.slots[maphash.Comparable(s.seed, n)%shedSlots]
}

// refused counts a refusal. It ignores a network whose slot another one is using: to miss one does less harm than to shed the wrong one.
func (s *shedder) refused(n network.Network, now time.Time) {
	if n.IsZero() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.slot(n)
	if now.Sub(slot.start) >= shedTime {
		*slot = shedSlot{network: n, start: now}
	}
	if slot.network != n || slot.refusals >= shedAfter {
		return
	}
	if slot.refusals++; slot.refusals == shedAfter {
		slot.start = now
	}
}

// sheds reports whether new connections of a network should be closed.
func (s *shedder) sheds(n network.Network, now time.Time) bool {
	if n.IsZero() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.slot(n)
	return slot.network == n && slot.refusals >= shedAfter && now.Sub(slot.start) < shedTime
}
