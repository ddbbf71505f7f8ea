package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"muster/test/mutate/mutation"
)

// testCase is a top-level test and the mutants that it reaches.
type testCase struct {
	Name    string
	Seconds float64
	Reached []int
	binary  *binary
}

// outcome is the fate of a mutant.
type outcome int

const (
	unreached outcome = iota // no test runs the code with values for which the mutant makes a difference
	survived
	killed
	timedOut
)

func (o outcome) String() string {
	return [...]string{"unreached", "survived", "killed", "timed out"}[o]
}

// verdict is the outcome of a mutant and the tests that led to it.
type verdict struct {
	mutant  *mutant
	outcome outcome
	tests   []*testCase // those that reach it
	by      string      // the test that killed it
	took    time.Duration
}

// try runs the tests that reach a mutant until one fails: the fastest first, in batches of growing size.
func (p *program) try(ctx context.Context, m *mutant, tests []*testCase) (*verdict, error) {
	v := &verdict{mutant: m, outcome: unreached, tests: tests}
	began := time.Now()
	for _, batch := range batches(tests) {
		result, err := p.runMutated(ctx, m, batch)
		if err != nil {
			return nil, err
		}
		v.outcome, v.by, v.took = result.outcome, result.failed, time.Since(began)
		if v.outcome != survived {
			break
		}
	}
	return v, nil
}

// runMutated runs tests with a mutant on. A failure only counts if it repeats: on a busy machine some tests fail by themselves.
func (p *program) runMutated(ctx context.Context, m *mutant, tests []*testCase) (*result, error) {
	on := mutation.ActiveEnv + "=" + strconv.Itoa(m.number)
	first, err := p.runTests(ctx, tests, on)
	if err != nil || first.outcome != killed {
		return first, err
	}
	if i := slices.IndexFunc(tests, func(t *testCase) bool { return t.Name == first.failed }); i >= 0 {
		again, err := p.runTests(ctx, tests[i:i+1], on)
		if err != nil || again.outcome != survived {
			return again, err
		}
	}
	return p.runTests(ctx, tests, on)
}

// longestBatch is how many seconds a batch takes at most, unless one test alone takes longer: what a test late in a batch would have shown early costs no more
// than this.
const longestBatch = 60.0

// batches splits tests, the fastest first, into batches of one binary each.
func batches(tests []*testCase) [][]*testCase {
	var all [][]*testCase
	limit := 1.0 // seconds that the batch may take
	for rest := tests; len(rest) > 0; limit = min(4*limit, longestBatch) {
		n, sum := 0, 0.0
		for n < len(rest) && (n == 0 || sum+rest[n].Seconds <= limit) {
			sum += rest[n].Seconds
			n++
		}
		of := map[*binary][]*testCase{}
		var order []*binary
		for _, t := range rest[:n] {
			if of[t.binary] == nil {
				order = append(order, t.binary)
			}
			of[t.binary] = append(of[t.binary], t)
		}
		for _, b := range order {
			all = append(all, of[b])
		}
		rest = rest[n:]
	}
	return all
}

// result is the result of running a batch of tests.
type result struct {
	outcome outcome
	failed  string
	took    time.Duration
}

// runTests runs tests of one binary in a subprocess and stops at the first that fails.
func (p *program) runTests(ctx context.Context, tests []*testCase, env ...string) (*result, error) {
	names := make([]string, len(tests))
	limit := 20 * time.Second
	for i, t := range tests {
		names[i] = t.Name
		limit += 5 * time.Duration(t.Seconds*float64(time.Second))
	}
	temp, err := os.MkdirTemp(p.build, "run-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(temp) }() // best effort: a killed test may still write
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	b := tests[0].binary
	cmd := exec.CommandContext(timed, b.path, "-test.run", "^("+strings.Join(names, "|")+")$", "-test.failfast", "-test.short", "-test.timeout", "0")
	cmd.Dir = filepath.Join(p.module, b.dir)
	cmd.Env = append(testEnvironment(), append(env, "TMPDIR="+temp)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	began := time.Now()
	output, err := cmd.CombinedOutput()
	r := &result{outcome: survived, took: time.Since(began)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case timed.Err() != nil:
		r.outcome, r.failed = timedOut, names[0]
	case errors.As(err, &exit):
		r.outcome, r.failed = killed, failedTest(output)
	case err != nil:
		return nil, fmt.Errorf("run tests: %w", err)
	}
	return r, nil
}

// testEnvironment returns the environment without the settings of other databases and services. Tests run on SQLite, which is the fastest.
func testEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MUSTER_") || strings.HasPrefix(v, "MUTATE_") })
}

func failedTest(output []byte) string {
	for line := range bytes.Lines(output) {
		if rest, ok := bytes.CutPrefix(line, []byte("--- FAIL: ")); ok {
			name, _, _ := strings.Cut(string(rest), " ")
			return name
		}
	}
	return "a crash"
}

// each calls do for every item, on several workers, until all are done or one fails.
func each[T any](ctx context.Context, workers int, items []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan T)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for item := range queue {
				if err := do(ctx, item); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, item := range items {
		if ctx.Err() != nil {
			break
		}
		queue <- item
	}
	close(queue)
	group.Wait()
	return context.Cause(ctx)
}
