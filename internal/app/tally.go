package app

import (
	"time"

	"github.com/maypok86/otter/v2"
)

// tally counts things by name for some time. Bounded: the least used names are dropped.
type tally struct{ counts *otter.Cache[string, int] }

const (
	talliedNames   = 20_000
	strangerMemory = 24 * time.Hour // after the last try
)

// newStrangers counts sign-ins under names that no account has, so that they lock as accounts do and an attacker learns nothing from the lock.
func newStrangers() tally { return newTally(otter.ExpiryWriting[string, int](strangerMemory)) }

func newTally(expiry otter.ExpiryCalculator[string, int]) tally {
	return tally{otter.Must(&otter.Options[string, int]{MaximumSize: talliedNames, ExpiryCalculator: expiry})}
}

func (t tally) count(name string) int {
	n, _ := t.counts.GetIfPresent(name)
	return n
}

func (t tally) add(name string) {
	t.counts.Compute(name, func(n int, _ bool) (int, otter.ComputeOp) { return n + 1, otter.WriteOp })
}
