// Command bench measures the performance of a muster server and compares it with that of minimal programs on the same machine.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/alecthomas/kong"
)

// runCommand measures everything but attacks.
type runCommand struct {
	Time        time.Duration `help:"Length of each measurement of a rate." default:"2s"`
	Rounds      int           `help:"Repetitions of each measurement; the table shows medians." default:"5"`
	Users       int           `help:"Number of users in the large directory." default:"100000"`
	Connections int           `help:"Concurrent connections." default:"16"`
	Queries     int           `help:"Requests for each latency." default:"100"`
	Sockets     int           `help:"Idle WebSockets." default:"5000"`
	Typing      int           `help:"Typing events per second, in channels of 50 members." default:"200"`
	TypingTime  time.Duration `help:"Length of the measurement of typing events." default:"10s"`
	Data        string        `help:"Keep the large directory here and reuse it." type:"path" placeholder:"DIR"`
	Postgres    string        `help:"postgres:// URL of a server to measure in addition to SQLite; a database is created there and dropped afterwards." env:"MUSTER_TEST_POSTGRES" placeholder:"URL"`
}

// Help returns text to show after the flags.
func (*runCommand) Help() string {
	return `Examples:

  go run ./bench                                  everything, about six minutes
  go run ./bench --time 500ms --rounds 3 --users 10000 --data /tmp/bench
  go run ./bench --postgres postgres://localhost/postgres`
}

// commands are the program's commands.
type commands struct {
	Run    runCommand    `cmd:"" default:"withargs" help:"Measure requests, sign-ins, start-up, memory, searches, WebSockets and mails (the default). Rates are compared with those of a minimal net/http server that sends the same bytes, and of password hashing alone."`
	Attack attackCommand `cmd:"" help:"Measure how well a legitimate user is served while an attacker floods the server."`
}

const about = "Measures a muster server that it builds and starts itself."

// Roles in which this program runs itself as a subprocess.
const (
	baselineRole = "baseline"
	hashRole     = "hash"
	attackerRole = "attacker"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == baselineRole:
		return serveBaseline(os.Stdin)
	case len(args) == 1 && args[0] == attackerRole:
		return runAttacker(ctx, os.Stdin)
	case len(args) == 2 && args[0] == hashRole:
		return printHashRate(ctx, args[1])
	}
	var c commands
	if kong.Parse(&c, kong.Name("bench"), kong.Description(about)).Command() == "attack" {
		return c.Attack.run(ctx)
	}
	return c.Run.run(ctx)
}
