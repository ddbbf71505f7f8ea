// Command mutate measures how strong the tests are: it makes small changes to the program, one at a time, and counts those that a test notices.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/alecthomas/kong"
)

const about = `Makes small changes to the program, one at a time (a negated condition, AND for OR, a dropped term of SQL, a dropped call), and runs the tests
that reach the change. A mutant survives if no test fails. The report lists the survivors and the score of each package.

Examples:

  mutate                                          a sample, in about half an hour
  mutate --sample 40 --seed 7                     another, smaller one
  mutate --all --only 'session\.go$'              every mutant of some files
  mutate --list --only 'session\.go$'             print the mutants and run nothing`

// command holds the command line.
type command struct {
	Sample    int      `help:"How many mutants to try, drawn at random." default:"150"`
	Seed      uint64   `help:"Draws another sample." default:"1"`
	All       bool     `help:"Try every mutant."`
	Only      string   `help:"Regular expression of the files to mutate." placeholder:"REGEXP"`
	ID        []string `help:"Try these mutants, explained or not." name:"id"`
	List      bool     `help:"Print the mutants and run nothing."`
	Packages  []string `help:"Packages to mutate instead of those in targets.go: directories, with \"/...\" for those below, with \":REGEXP\" for some files." placeholder:"DIR"`
	Tests     []string `help:"Packages whose tests run instead of those in targets.go." placeholder:"DIR"`
	Workers   int      `help:"Mutants to try at the same time." default:"2"`
	Build     string   `help:"Directory for generated files and for what is known of the tests." default:"build/mutate"`
	Explained string   `help:"List of explained survivors, which are left out." default:"test/mutate/survivors.md"`
}

func main() {
	var c command
	kong.Parse(&c, kong.Name("mutate"), kong.Description(about))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "mutate: "+err.Error())
		stop()
		os.Exit(1)
	}
}

func (c *command) run(ctx context.Context) error {
	module, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	only, err := regexp.Compile(c.Only)
	if err != nil {
		return err
	}
	if len(c.Packages) == 0 {
		c.Packages = defaultPackages
	}
	if len(c.Tests) == 0 {
		c.Tests = defaultTests
	}
	targets, err := expand(module, c.Packages)
	if err != nil {
		return err
	}
	tests, err := expand(module, c.Tests)
	if err != nil {
		return err
	}
	p, err := build(ctx, module, filepath.Join(module, c.Build), targets)
	if err != nil {
		return err
	}
	chosen, err := c.choose(p.mutants, filepath.Join(module, c.Explained), only)
	if err != nil {
		return err
	}
	if c.List {
		for _, m := range chosen {
			fmt.Println(m)
		}
		return nil
	}
	if err := p.compileTests(ctx, tests); err != nil {
		return err
	}
	known, err := p.learn(ctx, c.Workers)
	if err != nil {
		return err
	}
	verdicts, err := p.tryAll(ctx, chosen, reaching(p.mutants, known), c.Workers)
	if err != nil {
		fmt.Fprintf(os.Stderr, "mutate: stopped after %d mutants: %v\n", len(verdicts), err)
	}
	return report(os.Stdout, verdicts)
}

// choose returns the mutants to try.
func (c *command) choose(mutants []*mutant, list string, only *regexp.Regexp) ([]*mutant, error) {
	known, err := explained(list)
	if err != nil {
		return nil, err
	}
	for id := range known {
		if !slices.ContainsFunc(mutants, func(m *mutant) bool { return m.id == id }) {
			fmt.Fprintf(os.Stderr, "%s explains %s, which is not a mutant (any more)\n", c.Explained, id)
		}
	}
	if len(c.ID) > 0 {
		return slices.DeleteFunc(slices.Clone(mutants), func(m *mutant) bool { return !slices.Contains(c.ID, m.id) }), nil
	}
	left := slices.DeleteFunc(slices.Clone(mutants), func(m *mutant) bool { return known[m.id] || !only.MatchString(m.file) })
	fmt.Fprintf(os.Stderr, "%d mutants, %d of them explained or not asked for\n", len(mutants), len(mutants)-len(left))
	if c.All || c.List {
		return left, nil
	}
	return draw(left, c.Sample, c.Seed), nil
}

// tryAll tries mutants and returns the verdicts so far, even when it is interrupted.
func (p *program) tryAll(ctx context.Context, mutants []*mutant, reached [][]*testCase, workers int) ([]*verdict, error) {
	var verdicts []*verdict
	var mu sync.Mutex
	began := time.Now()
	err := each(ctx, workers, mutants, func(ctx context.Context, m *mutant) error {
		v, err := p.try(ctx, m, reached[m.number])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		verdicts = append(verdicts, v)
		fmt.Fprintf(os.Stderr, "%4d/%d %6s  %-9s %s %s:%d %s %s (%.1f s)\n", len(verdicts), len(mutants), time.Since(began).Round(time.Second), v.outcome, m.id, m.file, m.line,
			m.kind, v.by, v.took.Seconds())
		return nil
	})
	return verdicts, err
}
