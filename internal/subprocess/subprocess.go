// Package subprocess runs a muster server as a process of its own, for what can't be seen from inside: crashes, start-up, memory.
package subprocess

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Build compiles the package (an import path) into dir and gives the program's path.
func Build(ctx context.Context, pkg, dir string) (string, error) {
	program := filepath.Join(dir, filepath.Base(pkg))
	out, err := exec.CommandContext(ctx, "go", "build", "-o", program, pkg).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return program, nil
}

// Process is a running server.
type Process struct {
	URL   string        // where it listens
	Ready time.Duration // from the start of the process until it said so

	cmd *exec.Cmd
}

const announcement = "listening on "

// Options say what to run.
type Options struct {
	Program string
	Args    []string
	Env     []string  // variables, NAME=value, beside the caller's own, of which MUSTER_… are left out
	Input   []byte    // standard input
	Log     io.Writer // gets standard error
}

// Start runs a program and waits for it to print where it listens. The process ends with ctx at the latest.
func Start(ctx context.Context, o Options) (*Process, error) {
	cmd := exec.CommandContext(ctx, o.Program, o.Args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MUSTER_") })
	cmd.Env = append(cmd.Env, o.Env...)
	cmd.Stdin = bytes.NewReader(o.Input)
	cmd.Stderr = o.Log
	cmd.WaitDelay = time.Second // whoever inherited its pipes must not keep Wait
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), announcement); ok {
			p.URL, p.Ready = url, time.Since(began)
			go func() { _, _ = io.Copy(io.Discard, out) }() // what it prints further on must not block it
			return p, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%s ended before it listened", o.Program), lines.Err(), p.Kill())
}

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill ends the process at once, as a power cut would, and waits for its end.
func (p *Process) Kill() error { return p.end(syscall.SIGKILL) }

// Stop asks the process to end and waits until it did.
func (p *Process) Stop() error { return p.end(syscall.SIGTERM) }

func (p *Process) end(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := p.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && s == syscall.SIGKILL && !exit.Exited() {
		return nil // by the signal, as was wanted
	}
	return err
}
