// Command muster is the Muster server and its tools. All packages are wired together here and nowhere else.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve   serveCommand     `cmd:"" default:"withargs" help:"Serve the API (the default command)."`
	Check   checkCommand     `cmd:"" help:"Check the integrity of the database."`
	Version kong.VersionFlag `help:"Print the version."`
}

const about = `Muster is a user directory and sign-in server that speaks the Mattermost v4 Users API.

Examples:

  muster                                             serve on 127.0.0.1:8065, with data in ./data
  muster serve --listen :8065 --data /var/lib/muster
  muster serve --database postgres://muster@db/muster --config /etc/muster.json
  muster check --data /var/lib/muster`

func main() {
	var c commands
	parser := kong.Parse(&c, kong.Name("muster"), kong.Description(about), kong.Vars{"version": version()})
	if err := parser.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "muster: "+err.Error())
		os.Exit(1)
	}
}

// version returns the version of the module that the program was built from, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}
