// Command bench measures a muster server against what the machine can do at all.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/alecthomas/kong"
)

// runCommand is what to measure.
type runCommand struct {
	Time        time.Duration `help:"Length of each measurement of a rate." default:"2s"`
	Rounds      int           `help:"How often each is repeated; the table has the medians." default:"5"`
	Users       int           `help:"Accounts in the large directory." default:"100000"`
	Connections int           `help:"Connections that ask at once." default:"16"`
	Queries     int           `help:"Requests for each latency." default:"100"`
	Sockets     int           `help:"Idle WebSockets." default:"5000"`
	Typing      int           `help:"Typing events a second, to channels of 50." default:"200"`
	TypingTime  time.Duration `help:"How long they go on." default:"10s"`
	Data        string        `help:"Keep the large directory here, and use the one that is here already." type:"path" placeholder:"DIR"`
	Postgres    string        `help:"postgres:// URL of a server on which a database may be created; measured beside SQLite." env:"MUSTER_TEST_POSTGRES" placeholder:"URL"`
}

// Help is shown below the flags of run.
func (*runCommand) Help() string {
	return `Examples:

  go run ./bench                                  everything, about six minutes
  go run ./bench --time 500ms --rounds 3 --users 10000 --data /tmp/bench
  go run ./bench --postgres postgres://localhost/postgres`
}

// commands are the things that this program does.
type commands struct {
	Run    runCommand    `cmd:"" default:"withargs" help:"Measure requests, sign-ins, start-up, memory, searches, WebSockets and mails (the default). Rates are compared with a bare net/http server of the same bytes and with bare password hashing, in turns."`
	Attack attackCommand `cmd:"" help:"Measure what an honest user has of the server while one stranger attacks it."`
}

const about = "Measures a muster server that it builds and starts itself."

// What the server is compared with, and who attacks it, runs as this program too, in a process of its own.
const (
	bareRole     = "bare"
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
	case len(args) == 1 && args[0] == bareRole:
		return serveBare(os.Stdin)
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
