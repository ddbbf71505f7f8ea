package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// program is the mutated module: every mutant is in it, switched off.
type program struct {
	module   string // root directory
	build    string // directory for generated files
	mutants  []*mutant
	binaries []*binary
}

// binary is the compiled test of one package.
type binary struct {
	dir  string // relative to the module
	path string
	hash string
}

// name returns the package's directory as part of a file name.
func (b *binary) name() string { return strings.ReplaceAll(b.dir, "/", "-") }

// build mutates the targets and compiles them. Mutants that don't compile are left out.
func build(ctx context.Context, module, out string, targets []target) (*program, error) {
	packages, err := load(ctx, module, targets)
	if err != nil {
		return nil, err
	}
	skip := map[string]bool{}
	for range 5 {
		p := &program{module: module, build: out}
		if err := p.mutate(packages, skip); err != nil {
			return nil, err
		}
		refused, err := p.compileTargets(ctx, targets)
		if err != nil {
			return nil, err
		}
		if len(refused) > 0 {
			for _, m := range refused {
				fmt.Fprintf(os.Stderr, "left out, since it doesn't compile: %v\n", m)
				skip[m.id] = true
			}
			continue
		}
		return p, nil
	}
	return nil, errors.New("the mutated program does not compile")
}

// mutate writes the mutated files, and the overlay that makes the compiler read them instead of the originals.
func (p *program) mutate(packages []*goPackage, skip map[string]bool) error {
	directory := filepath.Join(p.build, "_source")
	if err := errors.Join(os.RemoveAll(directory), os.MkdirAll(directory, 0o755)); err != nil {
		return err
	}
	s := &source{same: map[string]int{}, skip: skip}
	replace := map[string]string{}
	for _, pkg := range packages {
		for _, f := range pkg.files {
			text := s.mutate(pkg, f)
			if text == "" {
				continue
			}
			name := pkg.fset.Position(f.Package).Filename
			to := filepath.Join(directory, strings.ReplaceAll(name, "/", "-"))
			if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
				return err
			}
			replace[filepath.Join(p.module, name)] = to
		}
	}
	p.mutants = s.mutants
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(p.overlay(), text, 0o644)
}

func (p *program) overlay() string { return filepath.Join(p.build, "overlay.json") }

var errorLine = regexp.MustCompile(`(?m)^(?:\./)?(\S+?\.go):(\d+):\d+: .*$`)

// compileTargets compiles the mutated packages and returns the mutants on the lines that the compiler refuses.
func (p *program) compileTargets(ctx context.Context, targets []target) ([]*mutant, error) {
	args := []string{"build", "-overlay", p.overlay(), "-gcflags=-e"}
	for _, t := range targets {
		args = append(args, "./"+t.dir)
	}
	output, err := p.command(ctx, args...).CombinedOutput()
	if err == nil {
		return nil, nil
	}
	var refused []*mutant
	for _, match := range errorLine.FindAllStringSubmatch(string(output), -1) {
		line, _ := strconv.Atoi(match[2])
		for _, m := range p.mutants {
			if filepath.Base(m.file) == filepath.Base(match[1]) && m.line == line && !slices.Contains(refused, m) {
				refused = append(refused, m)
			}
		}
	}
	if len(refused) == 0 {
		return nil, fmt.Errorf("compile: %w\n%s", err, output)
	}
	fmt.Fprintf(os.Stderr, "%s", output)
	return refused, nil
}

func (p *program) compileTests(ctx context.Context, tests []target) error {
	directory := filepath.Join(p.build, "bin")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	for _, t := range tests {
		if found, err := filepath.Glob(filepath.Join(p.module, t.dir, "*_test.go")); err != nil || len(found) == 0 {
			continue
		}
		b := &binary{dir: t.dir}
		b.path = filepath.Join(directory, b.name()+".test")
		fmt.Fprintf(os.Stderr, "compiling the tests of %s\n", t.dir)
		if output, err := p.command(ctx, "test", "-c", "-overlay", p.overlay(), "-o", b.path, "./"+t.dir).CombinedOutput(); err != nil {
			return fmt.Errorf("compile tests: %w\n%s", err, output)
		}
		var err error
		if b.hash, err = hashFile(b.path); err != nil {
			return err
		}
		p.binaries = append(p.binaries, b)
	}
	return nil
}

func (p *program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = p.module
	return cmd
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// moduleRoot returns the root directory of the module that the working directory is in.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	return string(bytes.TrimSpace(out)), err
}
