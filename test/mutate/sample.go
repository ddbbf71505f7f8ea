package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
)

// focus matches the files that hold look-ups of credentials, permission checks and counters. Their mutants are drawn more often than others.
var focus = regexp.MustCompile(`(^|/)(session|access_token|login[a-z_]*|sign_in|mfa|recovery_code|password_reset|mail_token|authority|permission|guard|mail_quota|quota|role|` +
	`reauthentication|unlock|failed_attempt|link_request|invitation|throttle|auth|origin)\.go$`)

const focusWeight = 3

// draw picks n mutants, the same ones for the same seed as long as the mutants stay the same.
func draw(mutants []*mutant, n int, seed uint64) []*mutant {
	random := rand.New(rand.NewPCG(seed, seed))
	keys := map[*mutant]float64{}
	for _, m := range mutants {
		weight := 1.0
		if focus.MatchString(m.file) {
			weight = focusWeight
		}
		keys[m] = math.Log(random.Float64()) / weight // Efraimidis and Spirakis: the n greatest are a weighted sample
	}
	drawn := slices.SortedFunc(slices.Values(mutants), func(a, b *mutant) int { return cmp.Compare(keys[b], keys[a]) })
	return drawn[:min(n, len(drawn))]
}
