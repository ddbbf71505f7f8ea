// Command timing measures whether response times reveal which accounts exist.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"muster/client"
	"muster/internal/subprocess"
)

const about = `Sends logins with wrong passwords, and requests for password resets, for accounts that exist, don't exist, are locked, have an imported hash or
use another login method, in random order, to a server that it builds and starts itself. It prints the mean and deviation of the response times
of each kind of account, and Welch's t between any two. An attacker could see a difference if |t| is 4.5 or more.

Limits by network are off.

Example:

  go run ./bench/timing --samples 300`

// command defines the flags.
type command struct {
	Samples int `help:"Samples of each kind of account." default:"2000"`
}

const (
	maxT = 4.5
	crop = 0.9 // fraction of times left in the second analysis, without the slowest, which are noise
)

func main() {
	var c command
	kong.Parse(&c, kong.Name("timing"), kong.Description(about))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "timing: "+err.Error())
		stop()
		os.Exit(1)
	}
}

func (c *command) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "muster-timing-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program, err := subprocess.Build(ctx, "muster/cmd/muster", dir)
	if err != nil {
		return err
	}
	people, err := targets(ctx)
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	if err := seed(ctx, data, people); err != nil {
		return err
	}
	server, err := subprocess.Start(ctx, subprocess.Options{
		Program: program, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", data},
		Env: []string{"MUSTER_RATELIMITSETTINGS_ENABLE=false", "MUSTER_LOGSETTINGS_CONSOLELEVEL=ERROR", "MUSTER_METRICSSETTINGS_LISTENADDRESS="}, Log: os.Stderr,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	return c.measure(ctx, server.URL, people)
}

func (c *command) measure(ctx context.Context, base string, people []*target) error {
	p := &prober{base: base, http: from("127.0.7.9"), admin: client.New(base)}
	if _, err := p.admin.Login(ctx, administrator, secret); err != nil {
		return err
	}
	for _, q := range questions {
		took, err := p.sample(ctx, q, people, c.Samples)
		if err != nil {
			return err
		}
		if err := report(os.Stdout, q.name, people, took); err != nil {
			return err
		}
	}
	if !p.locks {
		fmt.Println("The locked account was not locked at the end: its figures are those of one that is not.")
	}
	return nil
}

// report prints the response times of each kind, and t between any two.
func report(w io.Writer, name string, people []*target, took [][]float64) error {
	all, rest := each(took, momentsOf), each(cropped(took), momentsOf)
	var lines strings.Builder
	line := func(format string, args ...any) { lines.WriteString(fmt.Sprintf(format, args...) + "\n") }
	line("\n%s\tmean\tsd\tmean of the faster %.0f %%\tsd\t", name, crop*100)
	for i, p := range people {
		line("%s\t%.2f ms\t%.2f\t%.2f ms\t%.2f\t", p.kind, all[i].mean, all[i].deviation(), rest[i].mean, rest[i].deviation())
	}
	line("\nWelch's t\tall\tfaster\t\t")
	beyond := 0
	for i := range people {
		for j := range i {
			a, b := welch(all[j], all[i]), welch(rest[j], rest[i])
			mark := ""
			if math.Abs(a) >= maxT || math.Abs(b) >= maxT {
				mark = "beyond 4.5"
				beyond++
			}
			line("%s, %s\t%.2f\t%.2f\t%s\t", people[j].kind, people[i].kind, a, b, mark)
		}
	}
	line("\n%d pairs are beyond %.1f", beyond, maxT)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := io.WriteString(t, lines.String()); err != nil {
		return err
	}
	return t.Flush()
}

// cropped removes the slowest times from every sample, by a common limit.
func cropped(samples [][]float64) [][]float64 {
	together := slices.Sorted(slices.Values(slices.Concat(samples...)))
	longest := together[int(crop*float64(len(together)-1))]
	return each(samples, func(sample []float64) []float64 {
		return slices.DeleteFunc(slices.Clone(sample), func(x float64) bool { return x > longest })
	})
}

func each[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = f(a)
	}
	return out
}
