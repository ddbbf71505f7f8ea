package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/subprocess"
)

// attackCommand measures how well a legitimate user is served during attacks.
type attackCommand struct {
	Time        time.Duration `help:"Length of each attack." default:"10s"`
	Connections int           `help:"Concurrent connections of the attacker." default:"64"`
	Stalled     int           `help:"Connections that the attacker keeps open, with an incomplete body or as a WebSocket." default:"1500"`
	Only        []string      `help:"Run only attacks whose name starts with this." placeholder:"NAME"`
	Before      string        `help:"An older server program to compare with." type:"existingfile" placeholder:"FILE"`
}

// Help returns text to show after the flags.
func (*attackCommand) Help() string {
	return `The attacker sends everything from one address. A legitimate user at another address repeatedly opens a connection, signs in and reads their own
account. Requests that take longer than five seconds count as failed. Each attack runs against a new server with default settings and open sign-up.

Examples:

  go run ./bench attack
  go run ./bench attack --only sign-in,stalled --time 5s
  go run ./bench attack --before /usr/local/bin/muster-1.0`
}

// program is a server program under attack.
type program struct{ name, path string }

// run runs every attack on every program and prints the results.
func (c *attackCommand) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "muster-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	step("building the server")
	path, err := subprocess.Build(ctx, "muster/cmd/muster", dir)
	if err != nil {
		return err
	}
	programs := []program{{"now", path}}
	if c.Before != "" {
		programs = append([]program{{"before", c.Before}}, programs...)
	}
	var results [][]outcome
	var names []string
	for _, a := range attacks() {
		if !c.wants(a.name) {
			continue
		}
		var row []outcome
		for _, p := range programs {
			step(a.name + ", " + p.name)
			o, err := c.attack(ctx, p, a, filepath.Join(dir, fmt.Sprintf("%s-%d", p.name, len(results))))
			if err != nil {
				return fmt.Errorf("%s, %s: %w", a.name, p.name, err)
			}
			row = append(row, o)
		}
		names, results = append(names, a.name), append(results, row)
	}
	return printOutcomes(os.Stdout, programs, names, results)
}

func (c *attackCommand) wants(name string) bool {
	return len(c.Only) == 0 || slices.ContainsFunc(c.Only, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// attack runs a server in a new directory and measures the legitimate user during an attack.
func (c *attackCommand) attack(ctx context.Context, p program, a attack, dir string) (o outcome, err error) {
	server, err := subprocess.Start(ctx, subprocess.Options{
		Program: p.path, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", dir}, Log: io.Discard,
		Env: []string{"MUSTER_METRICSSETTINGS_LISTENADDRESS=", "MUSTER_TEAMSETTINGS_ENABLEOPENSERVER=true"},
	})
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, server.Kill()) }() // its data isn't needed, and it may be busy
	h, err := newLegitimateUser(ctx, server.URL)
	if err != nil {
		return o, err
	}
	token, err := h.signIn(ctx, attackerName)
	if err != nil {
		return o, err
	}
	attacker := &attacker{Attack: a.name, Address: host(server.URL), Token: token, Length: c.Time, Connections: c.Connections, Stalled: c.Stalled}
	end, err := attacker.start(ctx)
	if err != nil {
		return o, err
	}
	during, stop := context.WithTimeout(ctx, c.Time)
	defer stop()
	o = h.run(during)
	if o.answers, err = end(); err != nil {
		return o, err
	}
	o.memory, err = memoryOf(server.PID(), "VmHWM")
	return o, err
}

// outcome is the result of an attack.
type outcome struct {
	tried, succeeded int
	signIns, reads   []time.Duration // of those that succeeded
	memory           int64           // peak, in bytes
	answers          int64           // to the attacker
}

func (o outcome) success() string {
	return fmt.Sprintf("%.1f %% of %d", 100*float64(o.succeeded)/float64(max(o.tried, 1)), o.tried)
}

func p99(took []time.Duration) string {
	if len(took) == 0 {
		return "none"
	}
	slices.Sort(took)
	return round(took[len(took)*99/100])
}

// printOutcomes prints a table with a row for each attack.
func printOutcomes(w io.Writer, programs []program, names []string, results [][]outcome) error {
	columns := []struct {
		name string
		of   func(outcome) string
	}{
		{"user's success rate", outcome.success},
		{"sign-in p99", func(o outcome) string { return p99(o.signIns) }},
		{"users/me p99", func(o outcome) string { return p99(o.reads) }},
		{"peak memory", func(o outcome) string { return mebibytes(o.memory) }},
		{"responses to the attacker", func(o outcome) string { return fmt.Sprint(o.answers) }},
	}
	head := []string{"attack"}
	for _, c := range columns {
		for _, p := range programs {
			head = append(head, c.name+", "+p.name)
		}
	}
	if len(programs) > 1 {
		head = append(head, "memory, now to before")
	}
	var lines [][]string
	for i, row := range results {
		line := []string{names[i]}
		for _, c := range columns {
			for _, o := range row {
				line = append(line, c.of(o))
			}
		}
		if len(row) > 1 {
			line = append(line, fmt.Sprintf("%.2f", float64(row[1].memory)/float64(row[0].memory)))
		}
		lines = append(lines, line)
	}
	var b strings.Builder
	rows(&b, head, lines)
	_, err := io.WriteString(w, b.String())
	return err
}
