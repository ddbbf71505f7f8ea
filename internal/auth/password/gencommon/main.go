// Command gencommon writes common.txt, the list of common passwords, and common.LICENSE from the data of the module github.com/trustelem/zxcvbn, in
// the version that go.mod names and go.sum vouches for. "go generate ./..." runs it.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	module  = "github.com/trustelem/zxcvbn"
	minimum = 20_000 // fewer would mean that the module's data changed
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gencommon: "+err.Error())
		os.Exit(1)
	}
}

func run() error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}\n{{.Version}}", module).Output()
	if err != nil {
		return fmt.Errorf("find %s: %w", module, err)
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	data, err := os.ReadFile(filepath.Join(dir, "data", "passwords.txt")) // lines "PASSWORD   COUNT"
	if err != nil {
		return err
	}
	var list []string
	for line := range bytes.Lines(data) {
		if fields := bytes.Fields(line); len(fields) == 2 {
			list = append(list, strings.ToLower(string(fields[0])))
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) < minimum {
		return fmt.Errorf("only %d passwords", len(list))
	}
	licence, err := os.ReadFile(filepath.Join(dir, "LICENSE.txt"))
	if err != nil {
		return err
	}
	note := fmt.Sprintf("common.txt is data/passwords.txt of %s %s without the counts, sorted.\n\n%s", module, version, licence)
	if err := os.WriteFile("common.LICENSE", []byte(note), 0o644); err != nil {
		return err
	}
	return os.WriteFile("common.txt", []byte(strings.Join(list, "\n")+"\n"), 0o644)
}
