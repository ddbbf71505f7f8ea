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

// attackCommand is what one stranger does to a server, and what an honest user has of it.
type attackCommand struct {
	Time        time.Duration `help:"Length of each attack." default:"10s"`
	Connections int           `help:"Connections that the attacker asks over at once." default:"64"`
	Stalled     int           `help:"Connections on which the attacker sends part of a body, or holds a WebSocket." default:"1500"`
	Only        []string      `help:"Attacks to run, by the beginning of their names; all of them without this." placeholder:"NAME"`
	Before      string        `help:"An older server program, which is attacked in the same way and stands beside the present one in the table." type:"existingfile" placeholder:"FILE"`
}

// Help is shown below the flags of attack.
func (*attackCommand) Help() string {
	return `Everything the attacker sends comes from one address. An honest user at another one signs in and reads the own account, over and over, on a
connection of its own each time; what takes longer than five seconds counts as failed. A fresh server with its default settings, but for open sign-up, runs for each attack.

Examples:

  go run ./bench attack
  go run ./bench attack --only sign-in,stalled --time 5s
  go run ./bench attack --before /usr/local/bin/muster-1.0`
}

// program is a server program under attack.
type program struct{ name, path string }

// run attacks every program in every way and prints what came of it.
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
	return len(c.Only) == 0 || slices.ContainsFunc(c.Only, func(beginning string) bool { return strings.HasPrefix(name, beginning) })
}

// attack runs a server in a fresh directory and attacks it while the honest user goes on.
func (c *attackCommand) attack(ctx context.Context, p program, a attack, dir string) (o outcome, err error) {
	server, err := subprocess.Start(ctx, subprocess.Options{
		Program: p.path, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", dir}, Log: io.Discard,
		Env: []string{"MUSTER_METRICSSETTINGS_LISTENADDRESS=", "MUSTER_TEAMSETTINGS_ENABLEOPENSERVER=true"},
	})
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, server.Kill()) }() // it has nothing to lose, and may be busy
	h, err := newHonestUser(ctx, server.URL)
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
	o = h.goOn(during)
	if o.answers, err = end(); err != nil {
		return o, err
	}
	o.memory, err = memoryOf(server.PID(), "VmHWM")
	return o, err
}

// outcome is what the honest user had, and what the attack cost the server.
type outcome struct {
	tried, succeeded int
	signIns, reads   []time.Duration // of those that succeeded
	memory           int64           // peak, in bytes
	answers          int64           // that the attacker got
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

// printOutcomes prints a table: for each attack the programs beside each other.
func printOutcomes(w io.Writer, programs []program, names []string, results [][]outcome) error {
	columns := []struct {
		name string
		of   func(outcome) string
	}{
		{"honest user succeeds", outcome.success},
		{"sign-in p99", func(o outcome) string { return p99(o.signIns) }},
		{"users/me p99", func(o outcome) string { return p99(o.reads) }},
		{"peak memory", func(o outcome) string { return mebibytes(o.memory) }},
		{"answers to the attacker", func(o outcome) string { return fmt.Sprint(o.answers) }},
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
