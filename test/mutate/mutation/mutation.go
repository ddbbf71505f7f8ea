// Package mutation is imported by mutated code. It reports which mutant is on and records which ones were reached.
package mutation

import (
	"cmp"
	"os"
	"strconv"
	"sync"
)

// The environment of a mutated program.
const (
	ActiveEnv  = "MUTATE_ACTIVE"  // the number of the mutant that is on
	ReachedEnv = "MUTATE_REACHED" // the file that gets the numbers of the mutants reached, one a line
)

var (
	active  = number(os.Getenv(ActiveEnv))
	reached = record(os.Getenv(ReachedEnv))
)

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// recorder writes each number once and without buffering, since a test process may end at any point.
type recorder struct {
	seen sync.Map
	mu   sync.Mutex
	file *os.File
}

func record(name string) *recorder {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return &recorder{file: f}
}

func (r *recorder) add(n int) {
	if _, seen := r.seen.LoadOrStore(n, true); seen {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.file.WriteString(strconv.Itoa(n) + "\n"); err != nil {
		panic(err)
	}
}

// On reports whether mutant n is on, and records that it was reached.
func On(n int) bool {
	if reached != nil {
		reached.add(n)
	}
	return n == active
}

// Off is the opposite of On.
func Off(n int) bool { return !On(n) }

// Pick returns mutated when mutant n is on.
func Pick[T any](n int, original, mutated T) T {
	if On(n) {
		return mutated
	}
	return original
}

// Less returns a < b, and a <= b when mutant n is on.
func Less[T cmp.Ordered](n int, a, b T) bool { return a < b || On(n) && a == b }

// LessEqual returns a <= b, and a < b when mutant n is on.
func LessEqual[T cmp.Ordered](n int, a, b T) bool { return a <= b && (Off(n) || a != b) }

// Greater returns a > b, and a >= b when mutant n is on.
func Greater[T cmp.Ordered](n int, a, b T) bool { return Less(n, b, a) }

// GreaterEqual returns a >= b, and a > b when mutant n is on.
func GreaterEqual[T cmp.Ordered](n int, a, b T) bool { return LessEqual(n, b, a) }

// Numeric is what can be subtracted.
type Numeric interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64
}

// Add returns a + b, and a - b when mutant n is on.
func Add[T Numeric](n int, a, b T) T {
	if On(n) {
		return a - b
	}
	return a + b
}

// Subtract returns a - b, and a + b when mutant n is on.
func Subtract[T Numeric](n int, a, b T) T {
	if On(n) {
		return a + b
	}
	return a - b
}
