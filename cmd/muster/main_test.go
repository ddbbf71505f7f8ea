package main

import (
	"bufio"
	"database/sql"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"muster": main, "over": over})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"serve_once": serveOnce, "schema": schema},
		Setup: func(e *testscript.Env) error {
			e.Setenv("MUSTER_METRICSSETTINGS_LISTENADDRESS", "") // tests run side by side
			return nil
		},
	})
}

// serveOnce is the scripts' "serve_once DIR": a server that starts on a data directory and is stopped once it serves.
func serveOnce(ts *testscript.TestScript, _ bool, args []string) {
	server := exec.Command("muster", "serve", "--data", args[0], "--listen", "127.0.0.1:0")
	server.Dir, server.Env, server.Stderr = ts.MkAbs("."), append(os.Environ(), "MUSTER_METRICSSETTINGS_LISTENADDRESS="), ts.Stderr()
	out, err := server.StdoutPipe()
	ts.Check(err)
	ts.Check(server.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(server.Process.Signal(os.Interrupt))
	if !strings.HasPrefix(line, "listening on") {
		ts.Fatalf("the server said %q, %v", line, err)
	}
	ts.Check(server.Wait())
}

// schema is the scripts' "schema FILE STATEMENT": it changes an embedded database that no server has open.
func schema(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(err)
	ts.Check(db.Close())
}
