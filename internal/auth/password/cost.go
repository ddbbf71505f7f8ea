package password

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
)

// cost is the work that verifying a hash takes. Hashes of one kind differ only in units, and units add up: two runs of bcrypt at 2^10 take as long as
// one at 2^11. Weights compare kinds, roughly: a new hash has weight 1.
type cost struct {
	kind   string
	units  int
	weight float64 // of all units together
	spend  func(plain string, units int) error
}

// Limits on imported hashes. Every refused sign-in does the work of all schemes in use, so an import must not make sign-ins take seconds.
const (
	maxWeight       = 32 // of one hash: bcrypt at 2^14, PBKDF2 with 3.2 million rounds
	maxWeightInUse  = 64 // of all schemes together
	maxSchemesInUse = 16
)

// ForeignScheme returns an example of a stored hash's scheme and parameters, and reports whether they differ from a new hash's. The example is made up, and
// the same for all hashes of that cost; schemes in use are stored as such examples (password_schemes). It returns an error if the hash is unreadable.
func (h *Hasher) ForeignScheme(encoded string) (example string, foreign bool, err error) {
	s, err := parse(encoded)
	if err != nil {
		return "", false, err
	}
	return s.example(), s.cost().kind != h.own.kind, nil
}

// Affordable reports whether refused sign-ins may take the work of all these schemes together.
func (h *Hasher) Affordable(examples []string) bool {
	_, excluded := h.refusalCost(examples)
	return len(examples) <= maxSchemesInUse && len(excluded) == 0
}

// SetSchemesInUse sets which schemes accounts use besides that of new hashes. From then on every refusal takes the work of all of them, whatever hash the
// password was compared with. It returns the schemes that are excluded because they cost too much.
func (h *Hasher) SetSchemesInUse(examples []string) (excluded []string) {
	costs, excluded := h.refusalCost(examples)
	h.inUse.Store(&costs)
	return excluded
}

// refusalCost returns the work of a refusal: for each kind, as much as its most expensive hash takes. It includes the cheapest schemes first, as many as the
// limits allow, and returns the others as excluded.
func (h *Hasher) refusalCost(examples []string) (costs []cost, excluded []string) {
	type scheme struct {
		example string
		cost    cost
	}
	var schemes []scheme
	for _, example := range examples {
		s, err := parse(example)
		if err != nil { // more iterations than a hash may have
			excluded = append(excluded, example)
			continue
		}
		schemes = append(schemes, scheme{example, s.cost()})
	}
	slices.SortFunc(schemes, func(a, b scheme) int { return cmp.Compare(a.cost.weight, b.cost.weight) })
	most := map[string]cost{h.own.kind: h.own}
	total := h.own.weight
	for i, s := range schemes {
		more := total + s.cost.weight - most[s.cost.kind].weight
		if s.cost.weight > maxWeight || more > maxWeightInUse || i >= maxSchemesInUse {
			excluded = append(excluded, s.example)
			continue
		}
		if s.cost.units > most[s.cost.kind].units {
			most[s.cost.kind], total = s.cost, more
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(most)) { // always in the same order
		costs = append(costs, most[kind])
	}
	return costs, excluded
}

// spendRest does the work of a refusal, less what was already done.
func (h *Hasher) spendRest(plain string, done cost) error {
	for _, e := range *h.inUse.Load() {
		missing := e.units
		if e.kind == done.kind {
			missing -= done.units
		}
		if missing <= 0 {
			continue
		}
		if err := e.spend(plain, missing); err != nil {
			return err
		}
	}
	return nil
}

// zeros returns the salt or key of an example.
func zeros(n int) string { return encode64(make([]byte, n)) }

func (h *argon2Hash) example() string {
	return fmt.Sprintf("$%s$v=19$m=%d,t=%d,p=%d$%s$%s", h.kind, h.memory, h.time, h.threads, zeros(saltBytes), zeros(keyBytes))
}

func (h *argon2Hash) cost() cost {
	return cost{
		kind: fmt.Sprintf("%s m=%d,t=%d,p=%d", h.kind, h.memory, h.time, h.threads), units: 1,
		weight: float64(h.memory) * float64(h.time) / (memoryKiB * passes),
		spend:  repeat(h),
	}
}

func (h *scryptHash) example() string {
	return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", h.logN, h.r, h.p, zeros(saltBytes), zeros(keyBytes))
}

func (h *scryptHash) cost() cost {
	const kibPerUnit = 8 // a block with r=8 is 1 KiB and is written and read once, which costs as much as one and a half passes of argon2id
	return cost{
		kind: fmt.Sprintf("scrypt ln=%d,r=%d,p=%d", h.logN, h.r, h.p), units: 1,
		weight: float64(h.r) * float64(h.p) * float64(int(1)<<h.logN) / kibPerUnit / memoryKiB * passes,
		spend:  repeat(h),
	}
}

// repeat returns a spend function that runs a scheme once for each unit.
func repeat(s scheme) func(string, int) error {
	return func(plain string, units int) error {
		for range units {
			if _, err := s.verify(plain); err != nil {
				return err
			}
		}
		return nil
	}
}

func (h bcryptHash) example() string { return exampleBcrypt(h.logRounds()) }

func exampleBcrypt(cost int) string { return fmt.Sprintf("$2a$%02d$%s", cost, strings.Repeat(".", 53)) }

func (h bcryptHash) cost() cost {
	const roundsPerWeight = 1 << 9
	return cost{kind: "bcrypt", units: 1 << h.logRounds(), weight: float64(int(1)<<h.logRounds()) / roundsPerWeight, spend: spendBcrypt}
}

// spendBcrypt runs bcrypt once for each bit that is set in units, since a cost is a power of two.
func spendBcrypt(plain string, units int) error {
	for u := uint(units); u != 0; u &= u - 1 {
		if _, err := bcryptHash(exampleBcrypt(bits.TrailingZeros(u))).verify(plain); err != nil {
			return err
		}
	}
	return nil
}

// rounds returns the number of iterations for all blocks of the key (RFC 8018, 5.2).
func (h *pbkdf2Hash) rounds() int {
	size := digests[h.digest]().Size()
	return h.iterations * ((len(h.key) + size - 1) / size)
}

func (h *pbkdf2Hash) example() string {
	return fmt.Sprintf("$pbkdf2-%s$i=%d$%s$%s", h.digest, h.rounds(), zeros(saltBytes), zeros(digests[h.digest]().Size()))
}

func (h *pbkdf2Hash) cost() cost {
	const roundsPerWeight = 100_000
	digest := h.digest
	return cost{
		kind: "pbkdf2-" + digest, units: h.rounds(), weight: float64(h.rounds()) / roundsPerWeight,
		spend: func(plain string, units int) error {
			one := &pbkdf2Hash{digest: digest, iterations: units, salt: make([]byte, saltBytes), key: make([]byte, digests[digest]().Size())}
			_, err := one.verify(plain)
			return err
		},
	}
}
