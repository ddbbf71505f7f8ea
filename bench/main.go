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

type commands struct {
	Run  runCommand  `cmd:"" default:"withargs" help:"Measure everything and print a table (the default command)."`
	Bare bareCommand `cmd:"" hidden:"" help:"Serve the answers that standard input holds, with net/http and nothing else."`
	Hash hashCommand `cmd:"" hidden:"" help:"Hash passwords and print how many a second."`
}

type runCommand struct {
	Time        time.Duration `help:"Length of each measurement of a rate." default:"2s"`
	Rounds      int           `help:"How often each is repeated; the table has the medians." default:"5"`
	Users       int           `help:"Accounts in the large directory." default:"100000"`
	Connections int           `help:"Connections that ask at once." default:"16"`
	Queries     int           `help:"Requests for each latency." default:"400"`
	Data        string        `help:"Keep the large directory here, and use the one that is here already." type:"path" placeholder:"DIR"`
	Postgres    string        `help:"postgres:// URL of a server on which a database may be created; measured beside SQLite." env:"MUSTER_TEST_POSTGRES" placeholder:"URL"`
}

const about = `Measures requests, sign-ins, start-up, memory and searches of a muster server that it builds and starts itself.
Rates are compared with a bare net/http server of the same bytes and with bare password hashing, in turns.

Examples:

  go run ./bench                                  everything, about four minutes
  go run ./bench --time 500ms --rounds 3 --users 10000 --data /tmp/bench
  go run ./bench --postgres postgres://localhost/postgres`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var c commands
	parser := kong.Parse(&c, kong.Name("bench"), kong.Description(about), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := parser.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		stop()
		os.Exit(1)
	}
}
