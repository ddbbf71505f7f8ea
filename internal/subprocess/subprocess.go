// Package subprocess runs a muster server as a process of its own, for tests and benchmarks of crashes, start-up and memory.
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

// Build compiles a package, given by its import path, into dir and returns the path of the program.
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
	URL   string        // that it serves
	Ready time.Duration // from the start of the process until it announced the URL

	cmd *exec.Cmd
}

const announcement = "listening on "

// Options configure Start.
type Options struct {
	Program string
	Args    []string
	Env     []string  // variables (NAME=value) in addition to the caller's, from which those named MUSTER_* are removed
	Input   []byte    // standard input
	Log     io.Writer // standard error
}

// Start runs a program and waits until it announces its URL on standard output. The process is killed when ctx ends.
func Start(ctx context.Context, o Options) (*Process, error) {
	cmd := exec.CommandContext(ctx, o.Program, o.Args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MUSTER_") })
	cmd.Env = append(cmd.Env, o.Env...)
	cmd.Stdin = bytes.NewReader(o.Input)
	cmd.Stderr = o.Log
	cmd.WaitDelay = time.Second // Wait must not wait for other processes that inherited the pipes
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), announcement); ok {
			p.URL, p.Ready = url, time.Since(start)
			go func() { _, _ = io.Copy(io.Discard, out) }() // so that later output does not block the process
			return p, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%s exited before it announced its URL", o.Program), lines.Err(), p.Kill())
}

// PID returns the process ID.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill kills the process with SIGKILL, like a crash, and waits until it has exited.
func (p *Process) Kill() error { return p.signal(syscall.SIGKILL) }

// Stop terminates the process with SIGTERM and waits until it has exited.
func (p *Process) Stop() error { return p.signal(syscall.SIGTERM) }

func (p *Process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := p.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && s == syscall.SIGKILL && !exit.Exited() {
		return nil // killed by the signal, as intended
	}
	return err
}
