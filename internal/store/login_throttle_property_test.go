package store_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"muster/internal/store"
	"muster/internal/store/storetest"
)

// tried is an attempt of TestWideCountersHoldWhatOthersDid.
type tried struct {
	reserved         []store.Reserved
	pair             byte
	undecided, wrong bool
}

// in reports whether the attempt was counted in a wide counter that began at a time.
func (a tried) in(kind store.CounterKind, key []byte, beganAt int64) bool {
	for _, r := range a.reserved {
		if r.Kind == kind && r.Taken && bytes.Equal(r.Key, key) && r.BeganAt == beganAt {
			return true
		}
	}
	return false
}

// Whatever succeeds, fails, is given back or is unlocked over several hours: a counter of a network or an account holds every undecided attempt and every
// wrong one of those that didn't succeed since. Successes never let somebody else's guesses go.
func TestWideCountersHoldWhatOthersDid(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		round := byte(0)
		wide := func(kind store.CounterKind, which int) store.Counter {
			c := counter(kind, 6)
			c.Key = bytes.Repeat([]byte{byte(kind), byte(which), round, 0}, 8)
			c.Limit.Window = kind == store.CountNetwork
			c.Soft = kind == store.CountAccount
			return c
		}
		now := int64(someTime)
		rapid.Check(t, func(rt *rapid.T) {
			round++
			var all []tried
			open := func() (is []int) {
				for i, a := range all {
					if a.undecided {
						is = append(is, i)
					}
				}
				return is
			}
			for range rapid.IntRange(5, 25).Draw(rt, "steps") {
				now += rapid.SampledFrom([]int64{1, 1, 1, time.Minute.Milliseconds(), 40 * time.Minute.Milliseconds()}).Draw(rt, "later")
				what := rapid.SampledFrom([]string{"reserve", "reserve", "fail", "fail", "succeed", "give back"}).Draw(rt, "what")
				undecided := open()
				if what == "reserve" || len(undecided) == 0 {
					network, account := rapid.IntRange(0, 1).Draw(rt, "network"), rapid.IntRange(0, 1).Draw(rt, "account")
					pair := counter(store.CountPair, 50)
					pair.Limit.Memory = 24 * time.Hour
					id := byte(2*network + account)
					pair.Key = bytes.Repeat([]byte{byte(store.CountPair), id, round, 0}, 8)
					reserved, err := reserve(s, now, wide(store.CountNetwork, network), pair, wide(store.CountAccount, account))
					if _, refused := errors.AsType[*store.ExhaustedError](err); refused {
						continue
					}
					must(t, err)
					all = append(all, tried{reserved: reserved, pair: id, undecided: true})
					continue
				}
				i := rapid.SampledFrom(undecided).Draw(rt, "which")
				all[i].undecided = false
				switch what {
				case "fail":
					all[i].wrong = true
					must(t, fail(s, all[i].reserved))
				case "succeed":
					must(t, succeed(s, all[i].reserved))
					for j := range all {
						all[j].wrong = all[j].wrong && all[j].pair != all[i].pair
					}
				case "give back":
					must(t, cancelAttempt(s, all[i].reserved))
				}
				for which := range 2 {
					for _, kind := range []store.CounterKind{store.CountNetwork, store.CountAccount} {
						c := wide(kind, which)
						stored, err := store.ThrottleOf(s, c.Key)
						must(t, err)
						held := 0
						for _, a := range all {
							if (a.undecided || a.wrong) && a.in(kind, c.Key, stored.BeganAt) {
								held++
							}
						}
						if stored.Attempts < held {
							rt.Fatalf("kind %d holds %d attempts, %d are undecided or were wrong", kind, stored.Attempts, held)
						}
						if held >= c.Limit.Free && stored.Delays == 0 {
							rt.Fatalf("the delay of kind %d that %d others caused is over", kind, held)
						}
					}
				}
			}
		})
	})
}
