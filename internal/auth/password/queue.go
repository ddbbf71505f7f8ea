package password

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	"muster"
	"muster/internal/network"
)

// Origin says where a request comes from, which decides its place in the queue.
type Origin struct {
	Network network.Network   // the caller's; the zero value is the server itself and the local socket
	Account string            // id of the account whose known device or session the request came with, "" for an unknown caller
	Target  [sha256.Size]byte // hash of the name that an unknown caller wants to sign in as, the zero value for none
}

// known reports whether the origin is an account's own device or session, or this server.
func (o Origin) known() bool { return o.Account != "" || o.Network.IsZero() }

// queue decides whose password is hashed next: a hierarchical fair queue, served round robin.
//
// Unknown callers wait by network, and networks by the site that they belong to; workers serve the sites in turn, and the networks of a site in turn. So a
// client that sends more than its part waits behind itself, whether it has one address or a whole /48, and anybody else's hash is the next or the one
// after. Devices that an account knows wait in a class of their own, by account, and get every other hash: however many unknown callers come, they keep no
// owner out.
//
// Places are limited in each class: for a flow, for the name that unknown callers want to sign in as, and in total. When all are taken, a flow that holds
// fewer takes a place from the one that holds most (the rule of fair queuing that RFC 8290 states for packets), so that a few can't fill the queue.
type queue struct {
	mu           sync.Mutex
	workers      int
	idle         int // workers without work; while there is one, nobody waits
	unknown      class
	known        class
	lastWasKnown bool                      // whether the last hash was for the known class
	targets      map[[sha256.Size]byte]int // places of unknown callers by target
	hashTime     time.Duration             // moving average
}

// class holds the places of known or of unknown callers.
type class struct {
	capacity   int // places in all
	maxPerFlow int // places of one flow
	used       int
	sites      map[network.Network]*site
	active     []*site // sites in which somebody waits, the next one first
}

// site holds the flows of a wider network.
type site struct {
	key    network.Network
	places int
	flows  map[flowKey]*flow
	active []*flow // flows in which somebody waits, the next one first
}

// flowKey is what the requests of a flow have in common: their network or, in the known class, their account.
type flowKey struct {
	network network.Network
	account string
}

// flow holds the places of one network or account.
type flow struct {
	key     flowKey
	site    *site
	class   *class
	places  []*Reservation // the oldest first
	waiting []*Reservation // those that wait for a worker, the oldest first
}

const (
	hashTimeWeight = 8  // the latest hash counts for one part in this many of the average
	maxPerTarget   = 64 // places of unknown callers for one target
)

// errBusy returns the error for a request that finds no place.
func errBusy(wait time.Duration) error {
	return muster.E(muster.Unavailable, "api.context.server_busy.app_error").After(max(wait, time.Second))
}

func newQueue(workers, capacity, maxPerFlow int) *queue {
	return &queue{workers: workers, idle: workers, unknown: newClass(capacity, maxPerFlow), known: newClass(capacity, maxPerFlow), targets: map[[sha256.Size]byte]int{}}
}

func newClass(capacity, maxPerFlow int) class {
	return class{capacity: capacity, maxPerFlow: maxPerFlow, sites: map[network.Network]*site{}}
}

// reserve takes a place. limited says whether the limit of a single network applies.
func (q *queue) reserve(ctx context.Context, o Origin, limited bool) (*Reservation, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c, key := &q.unknown, flowKey{network: o.Network}
	if o.known() {
		c, key, o.Target = &q.known, flowKey{account: o.Account}, [sha256.Size]byte{}
	}
	f := c.flowOf(o, key)
	switch {
	case (limited || o.known()) && len(f.places) >= c.maxPerFlow:
		return nil, errBusy(q.wait(min(len(f.places)*len(c.sites), c.used+c.maxPerFlow)))
	case o.Target != [sha256.Size]byte{} && q.targets[o.Target] >= maxPerTarget:
		return nil, errBusy(q.wait(maxPerTarget))
	case c.used >= c.capacity && !q.evict(f):
		return nil, errBusy(q.wait(c.used))
	}
	c.used++
	if o.Target != [sha256.Size]byte{} {
		q.targets[o.Target]++
	}
	r := &Reservation{ctx: ctx, flow: f, target: o.Target, turn: make(chan error, 1)}
	f.places = append(f.places, r)
	f.site.places++
	f.site.flows[key] = f
	c.sites[f.site.key] = f.site
	return r, nil
}

// flowOf returns the flow of an origin, or a new one that is not part of the queue yet.
func (c *class) flowOf(o Origin, key flowKey) *flow {
	siteKey := network.Network{} // accounts belong to no site
	if !o.known() {
		siteKey = o.Network.Site()
	}
	s := c.sites[siteKey]
	if s == nil {
		s = &site{key: siteKey, flows: map[flowKey]*flow{}}
	}
	if f := s.flows[key]; f != nil {
		return f
	}
	return &flow{key: key, site: s, class: c}
}

// release frees a reservation's place.
func (q *queue) release(r *Reservation) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free(r)
}

func (q *queue) free(r *Reservation) {
	if r.released {
		return
	}
	r.released = true
	if r.target != [sha256.Size]byte{} {
		if q.targets[r.target]--; q.targets[r.target] == 0 {
			delete(q.targets, r.target)
		}
	}
	f := r.flow
	f.class.used--
	if f.places = remove(f.places, r); len(f.places) == 0 {
		delete(f.site.flows, f.key)
	}
	if f.site.places--; f.site.places == 0 {
		delete(f.class.sites, f.site.key)
	}
}

// evict frees a place for a new request, taking it from the site that holds most or, if that is the request's own, from its longest flow. Either must hold
// at moreThan two places more. The place is the newest that has no worker.
func (q *queue) evict(newcomer *flow) bool {
	most := newcomer.site
	for _, s := range newcomer.class.sites {
		if s.places > most.places {
			most = s
		}
	}
	moreThan := len(newcomer.places) + 1 // places that a flow must exceed to lose one
	if most.places > newcomer.site.places+1 {
		moreThan = 0
	} else {
		most = newcomer.site
	}
	var longest *flow
	for _, f := range most.flows {
		if len(f.places) > moreThan && (longest == nil || len(f.places) > len(longest.places)) {
			longest = f
		}
	}
	if longest == nil {
		return false
	}
	for _, r := range slices.Backward(longest.places) {
		if r.working {
			continue
		}
		q.free(r)
		if slices.Contains(longest.waiting, r) {
			q.stopWaiting(r)
			r.turn <- errBusy(q.wait(longest.class.used))
		}
		return true
	}
	return false
}

// acquire returns once the reservation has a worker, which finish returns, or with an error if the reservation lost its place or its context ended.
func (q *queue) acquire(r *Reservation) error {
	q.mu.Lock()
	switch {
	case r.released:
		q.mu.Unlock()
		return errBusy(0)
	case q.idle > 0:
		q.idle--
		r.working = true
		q.mu.Unlock()
		return nil
	}
	f := r.flow
	if len(f.waiting) == 0 {
		if len(f.site.active) == 0 {
			f.class.active = append(f.class.active, f.site)
		}
		f.site.active = append(f.site.active, f)
	}
	f.waiting = append(f.waiting, r)
	q.mu.Unlock()
	select {
	case err := <-r.turn:
		return err
	case <-r.ctx.Done():
		return q.cancel(r)
	}
}

// cancel ends the wait of a reservation whose context ended. A worker that it got meanwhile goes to the next one.
func (q *queue) cancel(r *Reservation) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case err := <-r.turn:
		if err == nil {
			r.working = false
			q.dispatch()
		}
	default:
		q.stopWaiting(r)
	}
	return fmt.Errorf("waiting to hash a password: %w", r.ctx.Err())
}

func (q *queue) stopWaiting(r *Reservation) {
	f := r.flow
	if f.waiting = remove(f.waiting, r); len(f.waiting) > 0 {
		return
	}
	if f.site.active = remove(f.site.active, f); len(f.site.active) == 0 {
		f.class.active = remove(f.class.active, f.site)
	}
}

func remove[T comparable](list []T, value T) []T {
	return slices.DeleteFunc(list, func(v T) bool { return v == value })
}

// finish returns a reservation's worker, which worked for the time took.
func (q *queue) finish(r *Reservation, took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.working = false
	if q.hashTime == 0 {
		q.hashTime = took
	}
	q.hashTime += (took - q.hashTime) / hashTimeWeight
	q.dispatch()
}

// dispatch assigns a worker to the reservation whose turn it is. The classes alternate while somebody waits in both.
func (q *queue) dispatch() {
	c := &q.known
	if len(c.active) == 0 || q.lastWasKnown && len(q.unknown.active) > 0 {
		c = &q.unknown
	}
	if len(c.active) == 0 {
		q.idle++
		return
	}
	q.lastWasKnown = c == &q.known
	first := c.pop()
	first.working = true
	first.turn <- nil
}

// pop removes the next reservation from the class, and moves its flow and its site to the end of the round.
func (c *class) pop() *Reservation {
	s := c.active[0]
	c.active = c.active[1:]
	f := s.active[0]
	s.active = s.active[1:]
	first := f.waiting[0]
	if f.waiting = f.waiting[1:]; len(f.waiting) > 0 {
		s.active = append(s.active, f)
	}
	if len(s.active) > 0 {
		c.active = append(c.active, s)
	}
	return first
}

// wait estimates how long this many hashes take.
func (q *queue) wait(hashes int) time.Duration {
	return q.hashTime * time.Duration(hashes) / time.Duration(q.workers)
}
