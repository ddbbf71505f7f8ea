package auth

import (
	"context"
	"slices"
	"sync"
	"time"

	"muster/internal/store"
)

// awaitTime is how long an attempt waits for others while not one of them is decided: longer than the password hashes of a full queue take. After it the
// refusal stands, whatever became of the others.
const awaitTime = 30 * time.Second

// inFlight knows which attempts of this process are counted but not decided yet. A limit that is reached only because of them is no reason to refuse:
// many sign-ins at once with the right password are all let in, the later ones after a wait.
type inFlight struct {
	mu     sync.Mutex
	queues map[counterKey]*queue
}

// counterKey is a Counter's.
type counterKey [32]byte

// queue is those who have to do with one counter.
type queue struct {
	trying  int         // attempts that are being counted, or wait; they keep the queue
	inside  int         // attempts that are counted and undecided
	left    uint64      // how many were decided
	waiting []chan bool // told to try again (true), or that the refusal stands
}

func newInFlight() *inFlight { return &inFlight{queues: map[counterKey]*queue{}} }

func keysOf(counters []store.Counter) (keys []counterKey) {
	for _, c := range counters {
		keys = append(keys, counterKey(c.Key))
	}
	return keys
}

// try notes an attempt that is to be counted; done ends that.
func (f *inFlight) try(keys []counterKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		if f.queues[key] == nil {
			f.queues[key] = &queue{}
		}
		f.queues[key].trying++
	}
}

func (f *inFlight) done(keys []counterKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		f.queues[key].trying--
		f.drop(key)
	}
}

// drop forgets a queue that nobody has to do with any more.
func (f *inFlight) drop(key counterKey) {
	if q := f.queues[key]; q.trying == 0 && q.inside == 0 {
		delete(f.queues, key)
	}
}

// decided returns how many attempts were decided at each key of attempts that try. A refusal that was read after it takes all of these into account.
func (f *inFlight) decided(keys []counterKey) map[counterKey]uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	decided := map[counterKey]uint64{}
	for _, key := range keys {
		decided[key] = f.queues[key].left
	}
	return decided
}

// enter notes that an attempt which tries is counted. To be called before anybody can be refused because of it.
func (f *inFlight) enter(keys []counterKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		f.queues[key].inside++
	}
}

// leave notes that an attempt is decided, and has one waiter for each of its counters try again.
func (f *inFlight) leave(keys []counterKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		q := f.queues[key]
		q.inside--
		q.left++
		q.wake()
		f.drop(key)
	}
}

// pass has the next waiter try too, after one that waited was not refused again.
func (f *inFlight) pass(key counterKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queues[key].wake()
}

func (q *queue) wake() {
	if len(q.waiting) > 0 {
		q.waiting[0] <- true // buffered
		q.waiting = q.waiting[1:]
	}
}

// await is for an attempt that the counter of key refused after so many were decided there: it waits until trying again makes sense. It reports false when
// the refusal stands: no attempt under way can change it, or none was decided for awaitTime.
func (f *inFlight) await(ctx context.Context, key counterKey, decided uint64) (again bool, err error) {
	turn := f.queueUp(key, decided)
	for {
		before := f.decided([]counterKey{key})[key]
		select {
		case again = <-turn:
			return again, nil
		case <-ctx.Done():
			f.giveUp(turn, key)
			return false, ctx.Err()
		case <-time.After(awaitTime):
			if f.decided([]counterKey{key})[key] == before {
				f.giveUp(turn, key)
				return false, nil
			}
		}
	}
}

func (f *inFlight) queueUp(key counterKey, decided uint64) (turn chan bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	turn = make(chan bool, 1)
	switch q := f.queues[key]; {
	case q.left != decided: // since the counter was read
		turn <- true
	case q.inside > 0:
		q.waiting = append(q.waiting, turn)
	default:
		turn <- false
		for _, other := range q.waiting { // they were refused for the same reason
			other <- false
		}
		q.waiting = nil
	}
	return turn
}

// giveUp ends the waiting of an attempt. If it was its turn just now, that is somebody else's.
func (f *inFlight) giveUp(turn chan bool, key counterKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.queues[key]
	select {
	case again := <-turn:
		if again {
			q.wake()
		}
	default:
		q.waiting = slices.DeleteFunc(q.waiting, func(c chan bool) bool { return c == turn })
	}
}
