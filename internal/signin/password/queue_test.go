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
	bob   = network.Of("192.0.2.2")
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

func (s *scene) admit(n network.Network) *Ticket {
	s.t.Helper()
	ticket, err := s.h.Admit(s.t.Context(), n)
	if err != nil {
		s.t.Fatalf("%v got no place: %v", n, err)
	}
	return ticket
}

// wait has a network wait for the worker.
func (s *scene) wait(ctx context.Context, n network.Network, name string) {
	s.t.Helper()
	ticket, err := s.h.Admit(ctx, n)
	if err != nil {
		s.t.Fatalf("%s got no place: %v", name, err)
	}
	before := s.waiting()
	s.running.Go(func() {
		defer ticket.Release()
		err := ticket.work(func() error {
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
	for _, l := range s.h.queue.turns {
		n += len(l.waiting)
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
	if q := s.h.queue; q.taken != 0 || len(q.lines) != 0 || len(q.turns) != 0 || q.idle != 1 {
		s.t.Errorf("left behind: %d places, %d lines, %d turns, %d idle", q.taken, len(q.lines), len(q.turns), q.idle)
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
	if got, want := s.play(), []string{"eve0", "ann", "local", "bob", "eve1", "eve2", "eve3"}; !slices.Equal(got, want) {
		t.Fatalf("served %q, want %q", got, want)
	}
}

func TestANetworkHasItsShareAndNoMore(t *testing.T) {
	limited := true
	s := newScene(t, Options{Queue: 10, Share: 3, Limited: func() bool { return limited }})
	for range 3 {
		s.wait(t.Context(), eve, "eve")
	}
	refuses := func(n network.Network) {
		t.Helper()
		_, err := s.h.Admit(t.Context(), n)
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
	s := newScene(t, Options{Queue: 6, Share: 4})
	for range 3 {
		s.wait(t.Context(), eve, "eve")
		s.wait(t.Context(), bob, "bob")
	}
	first := s.waiting()
	ticket, err := s.h.Admit(t.Context(), ann)
	if err != nil {
		t.Fatal(err)
	}
	s.until(func() bool { return s.waiting() == first-1 })
	s.running.Go(func() {
		defer ticket.Release()
		_ = ticket.work(func() error { s.note("ann", nil); return nil })
	})
	s.until(func() bool { return s.waiting() == first })
	if _, err := s.h.Admit(t.Context(), eve); !muster.IsKind(err, muster.Unavailable) {
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
	h := New(Options{Queue: 3, MemoryKiB: 64})
	var held []*Ticket
	for range 3 {
		ticket, err := h.Admit(t.Context(), eve)
		if err != nil {
			t.Fatal(err)
		}
		defer ticket.Release()
		held = append(held, ticket)
	}
	ticket, err := h.Admit(t.Context(), ann)
	if err != nil {
		t.Fatal(err)
	}
	defer ticket.Release()
	if _, err := held[2].Hash("x"); !muster.IsKind(err, muster.Unavailable) {
		t.Fatalf("the last of eve's places: %v", err)
	}
	for _, who := range []*Ticket{held[0], held[1], ticket} {
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
		q.done(&Ticket{}, 400*time.Millisecond)
	}
	if got := q.wait(50); got != 10*time.Second {
		t.Fatalf("50 hashes of 400 ms by two workers: %v", got)
	}
}

func TestAReleasedTicketIsOver(t *testing.T) {
	h := New(Options{MemoryKiB: 64})
	ticket, err := h.Admit(t.Context(), ann)
	if err != nil {
		t.Fatal(err)
	}
	ticket.Release()
	ticket.Release()
	if h.queue.taken != 0 {
		t.Fatalf("%d places taken", h.queue.taken)
	}
	if _, err := ticket.Hash("x"); !muster.IsKind(err, muster.Unavailable) {
		t.Fatalf("a released ticket hashed: %v", err)
	}
}

func TestARehashThatLosesItsPlaceWaitsForTheNextSignIn(t *testing.T) {
	h := New(Options{Workers: 1, MemoryKiB: 64})
	ticket, err := h.Admit(t.Context(), ann)
	if err != nil {
		t.Fatal(err)
	}
	ok, stale, err := ticket.Verify(foreign["bcrypt"].encoded, foreign["bcrypt"].plain)
	if err != nil || !ok || !stale {
		t.Fatal(ok, stale, err)
	}
	ticket.Release() // as a network that has fewer takes it
	if better, err := ticket.Rehash(foreign["bcrypt"].plain); err != nil || better != "" {
		t.Fatal(better, err)
	}
	if _, err := ticket.Hash("new"); !muster.IsKind(err, muster.Unavailable) {
		t.Fatal(err)
	}
}
