package password

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"muster"
	"muster/internal/network"
)

// queue decides whose password is hashed next. Every network waits in a line of its own and the workers serve the lines in turn, so a client
// that sends more than its share waits behind itself, while anybody else's hash is the next or the one after. Places are bounded twice: in a
// line and in the queue as a whole. When the whole is taken, a network that has less takes a place of the longest line
// (the rule of fair queuing that RFC 8290 names for packets), so that a few networks can't fill it for all.
//
// The line of the zero Network, which is the local socket and work in the background, is not counted with the whole.
type queue struct {
	mu      sync.Mutex
	size    int // places of the whole
	share   int // places of one line
	workers int
	idle    int // workers without work; when there is one, nobody waits
	taken   int // places of strangers
	lines   map[network.Network]*line
	turns   []*line       // lines in which somebody waits, the next one first
	pace    time.Duration // of a hash, as an average of the latest
}

// line is the places of one network.
type line struct {
	network network.Network
	places  []*Ticket // the oldest first
	waiting []*Ticket // those that wait for a worker, the oldest first
}

// paceWeight is how much the latest hash counts in the average: one part of so many.
const paceWeight = 8

// busy is the refusal of who finds no place.
func busy(wait time.Duration) error {
	return muster.E(muster.Unavailable, "api.context.server_busy.app_error").After(max(wait, time.Second))
}

func newQueue(workers, size, share int) *queue {
	return &queue{size: size, share: share, workers: workers, idle: workers, lines: map[network.Network]*line{}}
}

// admit takes a place. limited says whether the bound of a single network holds.
func (q *queue) admit(ctx context.Context, n network.Network, limited bool) (*Ticket, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[n]
	if l == nil {
		l = &line{network: n}
	}
	if (limited || n.IsZero()) && len(l.places) >= q.share {
		return nil, busy(q.wait(min(len(l.places)*len(q.lines), q.taken+q.share)))
	}
	if !n.IsZero() {
		if q.taken >= q.size && !q.evict(len(l.places)) {
			return nil, busy(q.wait(q.taken))
		}
		q.taken++
	}
	t := &Ticket{ctx: ctx, line: l, turn: make(chan error, 1)}
	l.places = append(l.places, t)
	q.lines[n] = l
	return t, nil
}

// leave gives a ticket's place back.
func (q *queue) leave(t *Ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.vacate(t)
}

func (q *queue) vacate(t *Ticket) {
	if t.left {
		return
	}
	t.left = true
	l := t.line
	if !l.network.IsZero() {
		q.taken--
	}
	if l.places = without(l.places, t); len(l.places) == 0 {
		delete(q.lines, l.network)
	}
}

// evict takes a place from the longest line, if it has at least two more than the newcomer's: the last one that is not at work.
func (q *queue) evict(has int) bool {
	var longest *line
	for n, l := range q.lines {
		if !n.IsZero() && len(l.places) > has+1 && (longest == nil || len(l.places) > len(longest.places)) {
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
			t.turn <- busy(q.wait(q.taken))
		}
		return true
	}
	return false
}

// await returns once a worker is the ticket's, which done gives back; or with an error when the ticket lost its place or its caller went away.
func (q *queue) await(t *Ticket) error {
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
	if len(t.line.waiting) == 0 {
		q.turns = append(q.turns, t.line)
	}
	t.line.waiting = append(t.line.waiting, t)
	q.mu.Unlock()
	select {
	case err := <-t.turn:
		return err
	case <-t.ctx.Done():
		return q.giveUp(t)
	}
}

// giveUp ends the waiting of a ticket whose caller went away. A worker that was given to it meanwhile goes to the next.
func (q *queue) giveUp(t *Ticket) error {
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

func (q *queue) stopWaiting(t *Ticket) {
	l := t.line
	if l.waiting = without(l.waiting, t); len(l.waiting) == 0 {
		q.turns = without(q.turns, l)
	}
}

func without[T comparable](list []T, one T) []T {
	return slices.DeleteFunc(list, func(other T) bool { return other == one })
}

// done gives a ticket's worker back, which worked for so long.
func (q *queue) done(t *Ticket, took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.working = false
	if q.pace == 0 {
		q.pace = took
	}
	q.pace += (took - q.pace) / paceWeight
	q.next()
}

// next gives a worker to the first of the line whose turn it is.
func (q *queue) next() {
	if len(q.turns) == 0 {
		q.idle++
		return
	}
	l := q.turns[0]
	q.turns = q.turns[1:]
	first := l.waiting[0]
	if l.waiting = l.waiting[1:]; len(l.waiting) > 0 {
		q.turns = append(q.turns, l)
	}
	first.working = true
	first.turn <- nil
}

// wait estimates how long so many hashes take.
func (q *queue) wait(hashes int) time.Duration {
	return q.pace * time.Duration(hashes) / time.Duration(q.workers)
}
