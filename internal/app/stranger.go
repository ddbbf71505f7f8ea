package app

import (
	"time"

	"github.com/maypok86/otter/v2"
)

// strangers counts sign-ins under names that no account has, so that they lock as accounts do and an
// attacker learns nothing from the lock. Bounded: the least used names are dropped.
type strangers struct {
	tries *otter.Cache[string, int]
}

const (
	rememberedStrangers = 20_000
	strangerMemory      = 24 * time.Hour
)

func newStrangers() *strangers {
	return &strangers{otter.Must(&otter.Options[string, int]{
		MaximumSize: rememberedStrangers, ExpiryCalculator: otter.ExpiryWriting[string, int](strangerMemory),
	})}
}

func (s *strangers) count(name string) int {
	n, _ := s.tries.GetIfPresent(name)
	return n
}

func (s *strangers) tried(name string) {
	s.tries.Compute(name, func(n int, _ bool) (int, otter.ComputeOp) { return n + 1, otter.WriteOp })
}
