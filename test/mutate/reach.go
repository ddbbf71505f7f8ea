package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"muster/test/mutate/mutation"
)

// learned is the saved result of running each test of a binary once, by itself.
type learned struct {
	Hash  string // of the binary
	Tests []*testCase
}

// learn returns all tests with the mutants that each reaches, the fastest test first.
func (p *program) learn(ctx context.Context, workers int) ([]*testCase, error) {
	var all []*testCase
	for _, b := range p.binaries {
		file := filepath.Join(p.build, "reached-"+b.name()+".json")
		l := &learned{}
		if text, err := os.ReadFile(file); err != nil || json.Unmarshal(text, l) != nil || l.Hash != b.hash {
			l = &learned{Hash: b.hash}
			if l.Tests, err = p.learnBinary(ctx, b, workers); err != nil {
				return nil, err
			}
			text, err := json.Marshal(l)
			if err != nil {
				return nil, err
			}
			if err := os.WriteFile(file, text, 0o644); err != nil {
				return nil, err
			}
		}
		for _, t := range l.Tests {
			t.binary = b
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b *testCase) int { return cmp.Compare(a.Seconds, b.Seconds) })
	return all, nil
}

func (p *program) learnBinary(ctx context.Context, b *binary, workers int) ([]*testCase, error) {
	cmd := exec.CommandContext(ctx, b.path, "-test.list", "^Test")
	cmd.Dir = filepath.Join(p.module, b.dir)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the tests of %s: %w", b.dir, err)
	}
	names := strings.Fields(string(out))
	fmt.Fprintf(os.Stderr, "%s: running %d tests to see what each one reaches\n", b.dir, len(names))
	var tests []*testCase
	var mu sync.Mutex
	err = each(ctx, workers, names, func(ctx context.Context, name string) error {
		t := &testCase{Name: name, Seconds: 120, binary: b}
		file := filepath.Join(p.build, "reached-"+b.name()+"-"+name)
		defer func() { _ = os.Remove(file) }()
		r, err := p.runTests(ctx, []*testCase{t}, mutation.ReachedEnv+"="+file)
		if err != nil {
			return err
		}
		if r.outcome != survived {
			fmt.Fprintf(os.Stderr, "leaving out %s of %s, which fails as it is\n", name, b.dir)
			return nil
		}
		t.Seconds = r.took.Seconds()
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		for _, line := range strings.Fields(string(text)) {
			n, err := strconv.Atoi(line)
			if err != nil {
				return fmt.Errorf("read what %s reached: %w", name, err)
			}
			t.Reached = append(t.Reached, n)
		}
		mu.Lock()
		defer mu.Unlock()
		tests = append(tests, t)
		return nil
	})
	return tests, err
}

// reaching returns the tests that reach each mutant, by its number.
func reaching(mutants []*mutant, tests []*testCase) [][]*testCase {
	by := make([][]*testCase, len(mutants))
	for _, t := range tests {
		for _, n := range t.Reached {
			if n < len(by) {
				by[n] = append(by[n], t)
			}
		}
	}
	return by
}
