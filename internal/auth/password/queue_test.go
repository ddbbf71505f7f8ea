package password

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"muster"
	"muster/internal/network"
)

var (
	local = network.Network{}
	ann   = network.Of("192.0.2.1")
	bob   = network.Of("203.0.113.2")
	eve   = network.Of("198.51.100.7")
)

// scene is a queue whose only worker is busy until it is told to go on, and what it serves afterwards.
type scene struct {
	t       *testing.T
	h       *Hasher
	goOn    chan struct{}
	running sync.WaitGroup
	mu      sync.Mutex
	served  []string
	refused []error
}

func newScene(t *testing.T, o Options) *scene {
	o.Workers, o.MemoryKiB = 1, 64
	s := &scene{t: t, h: New(o), goOn: make(chan struct{})}
	began := make(chan struct{})
	busy := s.admit(local)
	s.running.Go(func() {
		defer busy.Release()
		_ = busy.work(func() error { close(began); <-s.goOn; return nil })
	})
	<-began
	return s
}

func (s *scene) admit(n network.Network) *Reservation {
	s.t.Helper()
	reservation, err := s.h.Reserve(s.t.Context(), Origin{Network: n})
	if err != nil {
		s.t.Fatalf("%v got no place: %v", n, err)
	}
	return reservation
}

// wait has a network wait for the worker.
func (s *scene) wait(ctx context.Context, n network.Network, name string) {
	s.t.Helper()
	s.waitAs(ctx, Origin{Network: n}, name)
}

func (s *scene) waitAs(ctx context.Context, o Origin, name string) {
	s.t.Helper()
	reservation, err := s.h.Reserve(ctx, o)
	if err != nil {
		s.t.Fatalf("%s got no place: %v", name, err)
	}
	before := s.waiting()
	s.running.Go(func() {
		defer reservation.Release()
		err := reservation.work(func() error {
			s.note(name, nil)
			return nil
		})
		if err != nil {
			s.note("", err)
		}
	})
	s.until(func() bool { return s.waiting() == before+1 })
}

func (s *scene) note(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.refused = append(s.refused, err)
		return
	}
	s.served = append(s.served, name)
}

func (s *scene) waiting() (n int) {
	s.h.queue.mu.Lock()
	defer s.h.queue.mu.Unlock()
	for _, l := range []*class{&s.h.queue.unknown, &s.h.queue.known} {
		for _, at := range l.active {
			for _, l := range at.active {
				n += len(l.waiting)
			}
		}
	}
	return n
}

func (s *scene) until(holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			s.t.Fatal("waited in vain")
		}
	}
}

// play lets the worker go on and returns who was served, in order.
func (s *scene) play() []string {
	close(s.goOn)
	s.running.Wait()
	q := s.h.queue
	for _, l := range []*class{&q.unknown, &q.known} {
		if l.used != 0 || len(l.sites) != 0 || len(l.active) != 0 {
			s.t.Errorf("left behind: %d places, %d sites, %d active", l.used, len(l.sites), len(l.active))
		}
	}
	if len(q.targets) != 0 || q.idle != 1 {
		s.t.Errorf("left behind: %d targets, %d idle", len(q.targets), q.idle)
	}
	return s.served
}

func TestNetworksAreServedInTurn(t *testing.T) {
	s := newScene(t, Options{})
	for i := range 4 {
		s.wait(t.Context(), eve, fmt.Sprint("eve", i))
	}
	s.wait(t.Context(), ann, "ann")
	s.wait(t.Context(), local, "local")
	s.wait(t.Context(), bob, "bob")
	if got, want := s.play(), []string{"local", "eve0", "ann", "bob", "eve1", "eve2", "eve3"}; !slices.Equal(got, want) {
		t.Fatalf("served %q, want %q", got, want)
	}
}

func TestANetworkHasItsShareAndNoMore(t *testing.T) {
	limited := true
	s := newScene(t, Options{QueueSize: 10, PerNetwork: 3, LimitNetworks: func() bool { return limited }})
	for range 3 {
		s.wait(t.Context(), eve, "eve")
	}
	refuses := func(n network.Network) {
		t.Helper()
		_, err := s.h.Reserve(t.Context(), Origin{Network: n})
		if e := muster.AsError(err); e.Kind != muster.Unavailable || e.RetryAfter < time.Second {
			t.Fatalf("%v: %v, Retry-After %v", n, err, e.RetryAfter)
		}
	}
	refuses(eve)
	s.wait(t.Context(), ann, "ann")
	s.wait(t.Context(), local, "local")
	s.wait(t.Context(), local, "local") // with the one at work its share
	refuses(local)
	limited = false
	s.wait(t.Context(), eve, "eve")
	refuses(local) // whose place is its own
	if got := len(s.play()); got != 7 {
		t.Fatalf("served %d", got)
	}
}

// A few networks that fill the queue make room for the next one, down to one place each.
func TestAFullQueueMakesRoomForWhoHasLess(t *testing.T) {
	s := newScene(t, Options{QueueSize: 6, PerNetwork: 4})
	for range 3 {
		s.wait(t.Context(), eve, "eve")
		s.wait(t.Context(), bob, "bob")
	}
	first := s.waiting()
	reservation, err := s.h.Reserve(t.Context(), Origin{Network: ann})
	if err != nil {
		t.Fatal(err)
	}
	s.until(func() bool { return s.waiting() == first-1 })
	s.running.Go(func() {
		defer reservation.Release()
		_ = reservation.work(func() error { s.note("ann", nil); return nil })
	})
	s.until(func() bool { return s.waiting() == first })
	if _, err := s.h.Reserve(t.Context(), Origin{Network: eve}); !muster.IsKind(err, muster.Unavailable) {
		t.Fatalf("a network that has its part already: %v", err)
	}
	served := s.play()
	if len(served) != 6 || !slices.Contains(served, "ann") {
		t.Fatalf("served %q", served)
	}
	if len(s.refused) != 1 || !muster.IsKind(s.refused[0], muster.Unavailable) {
		t.Fatalf("refused %v", s.refused)
	}
}

// Nobody need wait for a worker for that: places are taken as well by who is at something else before the password is looked at.
func TestPlacesThatAreNotWaitedInAreGivenUpToo(t *testing.T) {
	h := New(Options{QueueSize: 3, MemoryKiB: 64})
	var held []*Reservation
	for range 3 {
		reservation, err := h.Reserve(t.Context(), Origin{Network: eve})
		if err != nil {
			t.Fatal(err)
		}
		defer reservation.Release()
		held = append(held, reservation)
	}
	reservation, err := h.Reserve(t.Context(), Origin{Network: ann})
	if err != nil {
		t.Fatal(err)
	}
	defer reservation.Release()
	if _, err := held[2].Hash("x"); !muster.IsKind(err, muster.Unavailable) {
		t.Fatalf("the last of eve's places: %v", err)
	}
	for _, who := range []*Reservation{held[0], held[1], reservation} {
		if _, err := who.Hash("x"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoLeavesTheQueueCostsNothing(t *testing.T) {
	s := newScene(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	for range 5 {
		s.wait(ctx, eve, "eve")
	}
	s.wait(t.Context(), ann, "ann")
	cancel()
	s.until(func() bool { return s.waiting() == 1 })
	if got := s.play(); !slices.Equal(got, []string{"ann"}) {
		t.Fatalf("served %q", got)
	}
	for _, err := range s.refused {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who left was told %v", err)
		}
	}
}

func TestRetryAfterIsTheTimeOfWhatWaits(t *testing.T) {
	q := newQueue(2, 100, 100)
	for range 100 {
		q.finish(&Reservation{}, 400*time.Millisecond)
	}
	if got := q.wait(50); got != 10*time.Second {
		t.Fatalf("50 hashes of 400 ms by two workers: %v", got)
	}
}

func TestAReleasedTicketIsOver(t *testing.T) {
	h := New(Options{MemoryKiB: 64})
	reservation, err := h.Reserve(t.Context(), Origin{Network: ann})
	if err != nil {
		t.Fatal(err)
	}
	reservation.Release()
	reservation.Release()
	if h.queue.unknown.used != 0 {
		t.Fatalf("%d places taken", h.queue.unknown.used)
	}
	if _, err := reservation.Hash("x"); !muster.IsKind(err, muster.Unavailable) {
		t.Fatalf("a released reservation hashed: %v", err)
	}
}

func TestARehashThatLosesItsPlaceWaitsForTheNextSignIn(t *testing.T) {
	h := New(Options{Workers: 1, MemoryKiB: 64})
	reservation, err := h.Reserve(t.Context(), Origin{Network: ann})
	if err != nil {
		t.Fatal(err)
	}
	ok, stale, err := reservation.Verify(foreign["bcrypt"].encoded, foreign["bcrypt"].plain)
	if err != nil || !ok || !stale {
		t.Fatal(ok, stale, err)
	}
	reservation.Release() // as a network that has fewer takes it
	if better, err := reservation.Rehash(foreign["bcrypt"].plain); err != nil || better != "" {
		t.Fatal(better, err)
	}
	if _, err := reservation.Hash("new"); !muster.IsKind(err, muster.Unavailable) {
		t.Fatal(err)
	}
}

// A customer with a /48 has 65,536 networks, and is one site all the same.
func TestASiteIsServedInTurnAndMakesRoom(t *testing.T) {
	s := newScene(t, Options{QueueSize: 6})
	for i := range 6 {
		s.wait(t.Context(), network.Of(fmt.Sprintf("2001:db8:1:%x::1", i)), "site")
	}
	first := s.waiting()
	reservation := s.admit(ann)
	s.until(func() bool { return s.waiting() == first-1 })
	s.running.Go(func() {
		defer reservation.Release()
		_ = reservation.work(func() error { s.note("ann", nil); return nil })
	})
	s.until(func() bool { return s.waiting() == first })
	if got := s.play(); len(got) != 6 || !slices.Contains(got[:2], "ann") {
		t.Fatalf("served %q", got)
	}
	if len(s.refused) != 1 {
		t.Fatalf("refused %v", s.refused)
	}
}

// Whoever comes with what an account knows waits for strangers no longer than every other hash takes.
func TestKnownDevicesWaitApartFromUnknownCallers(t *testing.T) {
	s := newScene(t, Options{QueueSize: 6})
	for i := range 6 {
		s.wait(t.Context(), network.Of(fmt.Sprintf("10.%d.0.1", i)), "stranger")
	}
	for range 2 {
		s.waitAs(t.Context(), Origin{Network: network.Of("10.0.0.1"), Account: "ann"}, "ann")
		s.waitAs(t.Context(), Origin{Network: eve, Account: "eve"}, "eve")
	}
	want := []string{"ann", "stranger", "eve", "stranger", "ann", "stranger", "eve", "stranger", "stranger", "stranger"}
	if got := s.play(); !slices.Equal(got, want) {
		t.Fatalf("served %q, want %q", got, want)
	}
}

// However many networks try to sign in as one name, they get maxPerTarget places.
func TestUnknownCallersShareThePlacesOfATarget(t *testing.T) {
	h := New(Options{MemoryKiB: 64})
	target := [32]byte{1}
	for i := range maxPerTarget {
		reservation, err := h.Reserve(t.Context(), Origin{Network: network.Of(fmt.Sprintf("10.%d.0.1", i)), Target: target})
		if err != nil {
			t.Fatal(err)
		}
		defer reservation.Release()
	}
	if _, err := h.Reserve(t.Context(), Origin{Network: ann, Target: target}); !muster.IsKind(err, muster.Unavailable) {
		t.Fatalf("one more: %v", err)
	}
	for _, o := range []Origin{{Network: ann, Target: [32]byte{2}}, {Network: ann}, {Network: ann, Account: "ann", Target: target}} {
		reservation, err := h.Reserve(t.Context(), o)
		if err != nil {
			t.Fatalf("%v: %v", o, err)
		}
		reservation.Release()
	}
}
