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

// Origin is where a request for a hash comes from, which decides whom it waits behind.
type Origin struct {
	Network network.Network   // the caller's; the zero value is the server itself and the local socket
	Account string            // id of the account whose known device or session the request came with, "" for a stranger's
	Target  [sha256.Size]byte // hash of what a stranger wants to sign in as, the zero value for nothing
}

// known reports whether the origin is no stranger's.
func (o Origin) known() bool { return o.Account != "" || o.Network.IsZero() }

// queue decides whose password is hashed next. Strangers wait by network, and networks by the site that they belong to; the workers serve the sites in
// turn, and a site's networks in turn. So a client that sends more than its share waits behind itself, whether it has one address or a whole /48, while
// anybody else's hash is the next or the one after. Devices that an account knows wait apart from strangers, by account, and every other hash is
// theirs: however many strangers come, they keep no owner out.
//
// Places are bounded, for strangers and others each: in a line, for what strangers want to sign in as, and as a whole. When the whole is taken, whoever has less
// takes a place from whoever has most (the rule of fair queuing that RFC 8290 names for packets), so that a few can't fill it for all.
type queue struct {
	mu        sync.Mutex
	workers   int
	idle      int // workers without work; when there is one, nobody waits
	strangers lane
	known     lane
	lastKnown bool                      // whether the last hash was of the lane of the known
	targets   map[[sha256.Size]byte]int // places of strangers by what they want to sign in as
	pace      time.Duration             // of a hash, as an average of the latest
}

// lane is the places of strangers, or of those who are known.
type lane struct {
	size  int // places of the whole
	share int // places of one line
	taken int
	sites map[network.Network]*site
	turns []*site // sites in which somebody waits, the next one first
}

// site is the lines of a wider network.
type site struct {
	key    network.Network
	places int
	lines  map[lineKey]*line
	turns  []*line // lines in which somebody waits, the next one first
}

// lineKey is what those in a line have in common: their network or, in the lane of the known, their account.
type lineKey struct {
	network network.Network
	account string
}

// line is the places of one network or account.
type line struct {
	key     lineKey
	site    *site
	lane    *lane
	places  []*Reservation // the oldest first
	waiting []*Reservation // those that wait for a worker, the oldest first
}

const (
	paceWeight  = 8  // how much the latest hash counts in the average: one part of so many
	targetShare = 64 // places of strangers who want to sign in as the same
)

// busy returns the refusal of a request that finds no place.
func busy(wait time.Duration) error {
	return muster.E(muster.Unavailable, "api.context.server_busy.app_error").After(max(wait, time.Second))
}

func newQueue(workers, size, share int) *queue {
	return &queue{workers: workers, idle: workers, strangers: newLane(size, share), known: newLane(size, share), targets: map[[sha256.Size]byte]int{}}
}

func newLane(size, share int) lane {
	return lane{size: size, share: share, sites: map[network.Network]*site{}}
}

// admit takes a place. limited says whether the bound of a single network holds.
func (q *queue) admit(ctx context.Context, o Origin, limited bool) (*Reservation, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, key := &q.strangers, lineKey{network: o.Network}
	if o.known() {
		n, key, o.Target = &q.known, lineKey{account: o.Account}, [sha256.Size]byte{}
	}
	l := n.line(o, key)
	switch {
	case (limited || o.known()) && len(l.places) >= n.share:
		return nil, busy(q.wait(min(len(l.places)*len(n.sites), n.taken+n.share)))
	case o.Target != [sha256.Size]byte{} && q.targets[o.Target] >= targetShare:
		return nil, busy(q.wait(targetShare))
	case n.taken >= n.size && !q.evict(l):
		return nil, busy(q.wait(n.taken))
	}
	n.taken++
	if o.Target != [sha256.Size]byte{} {
		q.targets[o.Target]++
	}
	t := &Reservation{ctx: ctx, line: l, target: o.Target, turn: make(chan error, 1)}
	l.places = append(l.places, t)
	l.site.places++
	l.site.lines[key] = l
	n.sites[l.site.key] = l.site
	return t, nil
}

// line returns the line of an origin: one that is there, or a new one that nothing holds yet.
func (n *lane) line(o Origin, key lineKey) *line {
	at := network.Network{} // accounts have no site
	if !o.known() {
		at = o.Network.Site()
	}
	s := n.sites[at]
	if s == nil {
		s = &site{key: at, lines: map[lineKey]*line{}}
	}
	if l := s.lines[key]; l != nil {
		return l
	}
	return &line{key: key, site: s, lane: n}
}

// leave frees a reservation's place.
func (q *queue) leave(t *Reservation) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.vacate(t)
}

func (q *queue) vacate(t *Reservation) {
	if t.left {
		return
	}
	t.left = true
	if t.target != [sha256.Size]byte{} {
		if q.targets[t.target]--; q.targets[t.target] == 0 {
			delete(q.targets, t.target)
		}
	}
	l := t.line
	l.lane.taken--
	if l.places = without(l.places, t); len(l.places) == 0 {
		delete(l.site.lines, l.key)
	}
	if l.site.places--; l.site.places == 0 {
		delete(l.lane.sites, l.site.key)
	}
}

// evict takes a place for a newcomer from the site that has most or, within its own site, from the longest line: from one that has at least two more than
// the newcomer's. It takes the last one that is not at work.
func (q *queue) evict(newcomer *line) bool {
	most := newcomer.site
	for _, s := range newcomer.lane.sites {
		if s.places > most.places {
			most = s
		}
	}
	least := len(newcomer.places) + 1 // places that a line must have more than
	if most.places > newcomer.site.places+1 {
		least = 0
	} else {
		most = newcomer.site
	}
	var longest *line
	for _, l := range most.lines {
		if len(l.places) > least && (longest == nil || len(l.places) > len(longest.places)) {
			longest = l
		}
	}
	if longest == nil {
		return false
	}
	for _, t := range slices.Backward(longest.places) {
		if t.working {
			continue
		}
		q.vacate(t)
		if slices.Contains(longest.waiting, t) {
			q.stopWaiting(t)
			t.turn <- busy(q.wait(longest.lane.taken))
		}
		return true
	}
	return false
}

// await returns once a worker is the reservation's, which done gives back; or with an error when the reservation lost its place or its caller went away.
func (q *queue) await(t *Reservation) error {
	q.mu.Lock()
	switch {
	case t.left:
		q.mu.Unlock()
		return busy(0)
	case q.idle > 0:
		q.idle--
		t.working = true
		q.mu.Unlock()
		return nil
	}
	l := t.line
	if len(l.waiting) == 0 {
		if len(l.site.turns) == 0 {
			l.lane.turns = append(l.lane.turns, l.site)
		}
		l.site.turns = append(l.site.turns, l)
	}
	l.waiting = append(l.waiting, t)
	q.mu.Unlock()
	select {
	case err := <-t.turn:
		return err
	case <-t.ctx.Done():
		return q.giveUp(t)
	}
}

// giveUp ends the waiting of a reservation whose caller went away. A worker that was given to it meanwhile goes to the next.
func (q *queue) giveUp(t *Reservation) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case err := <-t.turn:
		if err == nil {
			t.working = false
			q.next()
		}
	default:
		q.stopWaiting(t)
	}
	return fmt.Errorf("waiting to hash a password: %w", t.ctx.Err())
}

func (q *queue) stopWaiting(t *Reservation) {
	l := t.line
	if l.waiting = without(l.waiting, t); len(l.waiting) > 0 {
		return
	}
	if l.site.turns = without(l.site.turns, l); len(l.site.turns) == 0 {
		l.lane.turns = without(l.lane.turns, l.site)
	}
}

func without[T comparable](list []T, one T) []T {
	return slices.DeleteFunc(list, func(other T) bool { return other == one })
}

// done gives a reservation's worker back, which worked for so long.
func (q *queue) done(t *Reservation, took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.working = false
	if q.pace == 0 {
		q.pace = took
	}
	q.pace += (took - q.pace) / paceWeight
	q.next()
}

// next gives a worker to the first of the line whose turn it is: of the known where the last one was a stranger, and the other way round, as long as
// somebody of both waits.
func (q *queue) next() {
	n := &q.known
	if len(n.turns) == 0 || q.lastKnown && len(q.strangers.turns) > 0 {
		n = &q.strangers
	}
	if len(n.turns) == 0 {
		q.idle++
		return
	}
	q.lastKnown = n == &q.known
	first := n.turn()
	first.working = true
	first.turn <- nil
}

// turn takes the next reservation out of the lane, and puts its line and its site last.
func (n *lane) turn() *Reservation {
	s := n.turns[0]
	n.turns = n.turns[1:]
	l := s.turns[0]
	s.turns = s.turns[1:]
	first := l.waiting[0]
	if l.waiting = l.waiting[1:]; len(l.waiting) > 0 {
		s.turns = append(s.turns, l)
	}
	if len(s.turns) > 0 {
		n.turns = append(n.turns, s)
	}
	return first
}

// wait estimates how long so many hashes take.
func (q *queue) wait(hashes int) time.Duration {
	return q.pace * time.Duration(hashes) / time.Duration(q.workers)
}
