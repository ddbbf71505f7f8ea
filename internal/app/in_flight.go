package app

import (
	"context"
	"slices"
	"sync"

	"muster/internal/store"
)

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
	inside  int         // attempts that are undecided, or about to be counted
	left    uint64      // how many were decided
	waiting []chan bool // told to try again (true), or that the refusal stands
}

func newInFlight() *inFlight { return &inFlight{queues: map[counterKey]*queue{}} }

// keysOf are the keys of the counters that can refuse an attempt.
func keysOf(counters []store.Counter) (keys []counterKey) {
	for _, c := range counters {
		if !c.Soft {
			keys = append(keys, counterKey(c.Key))
		}
	}
	return keys
}

// enter notes an attempt that is about to be counted, and returns what await needs to know later. place is a key whose place the attempt has already,
// since await gave it to it; nil for none.
func (f *inFlight) enter(keys []counterKey, place *counterKey) (left []uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		q := f.queues[key]
		if q == nil {
			q = &queue{}
			f.queues[key] = q
		}
		if place == nil || *place != key {
			q.inside++
		}
		left = append(left, q.left)
	}
	return left
}

// leave notes that an attempt is decided, and has one waiter for each of its counters try again.
func (f *inFlight) leave(keys []counterKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		f.leaveOne(key)
	}
}

func (f *inFlight) leaveOne(key counterKey) {
	q := f.queues[key]
	q.inside--
	q.left++
	f.wake(key, q)
}

// pass has the next waiter try too, after one that waited was let in.
func (f *inFlight) pass(key counterKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wake(key, f.queues[key])
}

// wake gives one waiter a place, and drops a queue that nobody is in.
func (f *inFlight) wake(key counterKey, q *queue) {
	if len(q.waiting) > 0 {
		q.inside++
		q.waiting[0] <- true // buffered
		q.waiting = q.waiting[1:]
	} else if q.inside == 0 {
		delete(f.queues, key)
	}
}

// await is for an attempt that the counter of key refused: it leaves the others and waits until trying again makes sense. It reports false when the
// refusal stands: no attempt under way can change it. After true the attempt has its place at key.
func (f *inFlight) await(ctx context.Context, keys []counterKey, left []uint64, key counterKey) (again bool, err error) {
	turn := f.queueUp(keys, left, key)
	select {
	case again = <-turn:
		return again, nil
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case again = <-turn: // it was its turn just now: somebody else's then
		if again {
			f.leaveOne(key)
		}
	default:
		q := f.queues[key]
		q.waiting = slices.DeleteFunc(q.waiting, func(c chan bool) bool { return c == turn })
	}
	return false, ctx.Err()
}

func (f *inFlight) queueUp(keys []counterKey, left []uint64, key counterKey) (turn chan bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	turn = make(chan bool, 1)
	for i, k := range keys {
		switch q := f.queues[k]; {
		case k != key:
			f.leaveOne(k)
		case q.left != left[i]: // one was decided since the counter was read
			turn <- true
		case q.inside > 1:
			q.inside--
			q.waiting = append(q.waiting, turn)
		default:
			turn <- false
			for _, other := range q.waiting { // they were refused for the same reason
				other <- false
			}
			delete(f.queues, k)
		}
	}
	return turn
}
