package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"muster/internal/store"
	"muster/internal/subprocess"
)

// Targets (issue 2).
const (
	requestRatioTarget = 0.7
	signInRatioTarget  = 0.9
	pageRatioTarget    = 0.2 // a page is rendered for each request, with a new CSRF token
	startTarget        = 150 * time.Millisecond
	memoryTarget       = 40 << 20 // bytes
)

const idleBeforeMemory = 2 * time.Second

// bench is a run of all measurements.
type bench struct {
	runCommand
	program string // the server
	self    string // this program, which is also the baseline server
	dir     string // temporary
	table   table
}

// run measures everything and prints it.
func (c *runCommand) run(ctx context.Context) (err error) {
	b := &bench{runCommand: *c}
	if b.dir, err = os.MkdirTemp("", "muster-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	step("building the server")
	if b.program, err = subprocess.Build(ctx, "muster/cmd/muster", b.dir); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	return b.table.print(os.Stdout)
}

func step(what string) { fmt.Fprintln(os.Stderr, what+" ...") }

func (b *bench) measure(ctx context.Context) error {
	large := directory{name: "SQLite", data: b.Data}
	if large.data == "" {
		large.data = filepath.Join(b.dir, "large")
	}
	if err := b.startUps(ctx, "an empty directory", func(i int) directory {
		return directory{data: filepath.Join(b.dir, "empty"+strconv.Itoa(i))}
	}); err != nil {
		return err
	}
	if err := b.seed(ctx, large); err != nil {
		return err
	}
	if err := b.startUps(ctx, fmt.Sprintf("%d users", b.Users), func(int) directory { return large }); err != nil {
		return err
	}
	if err := b.with(ctx, large, b.rates); err != nil {
		return err
	}
	if err := b.with(ctx, large, b.latencies); err != nil {
		return err
	}
	if err := b.sockets(ctx, large); err != nil {
		return err
	}
	if err := b.mails(ctx, large); err != nil {
		return err
	}
	if b.Postgres == "" {
		return nil
	}
	return b.postgres(ctx)
}

// directory is a database with users.
type directory struct {
	name, data string
	dsn        string // "" for SQLite
}

func (b *bench) seed(ctx context.Context, d directory) error {
	step(fmt.Sprintf("creating %d users in %s", b.Users, d.name))
	return seed(ctx, store.Options{DSN: d.dsn, DataDir: d.data}, b.Users)
}

func (b *bench) start(ctx context.Context, d directory) (*subprocess.Process, error) {
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data", d.data}
	if d.dsn != "" {
		args = append(args, "--database", d.dsn)
	}
	return subprocess.Start(ctx, subprocess.Options{
		Program: b.program, Args: args, Env: []string{"MUSTER_METRICSSETTINGS_LISTENADDRESS=127.0.0.1:0", "MUSTER_LOGSETTINGS_CONSOLELEVEL=WARN", "MUSTER_RATELIMITSETTINGS_ENABLE=false"}, Log: os.Stderr,
	})
}

// with runs do against a server for a directory.
func (b *bench) with(ctx context.Context, d directory, do func(context.Context, directory, *subprocess.Process) error) error {
	p, err := b.start(ctx, d)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, d, p), p.Stop())
}

// startUps measures how long a server takes to start listening, and its memory while idle.
func (b *bench) startUps(ctx context.Context, what string, next func(round int) directory) error {
	step("starting up with " + what)
	var took []time.Duration
	var memory int64
	for i := range b.Rounds {
		err := b.with(ctx, next(i), func(ctx context.Context, _ directory, p *subprocess.Process) (err error) {
			took = append(took, p.Ready)
			if i == 0 {
				wait(ctx, idleBeforeMemory)
				memory, err = residentBytes(p.PID())
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	b.table.figure("start-up with "+what, round(median(took)), "under "+startTarget.String(), median(took) < startTarget)
	b.table.figure("resident memory, idle, with "+what, mebibytes(memory), "under "+mebibytes(memoryTarget), memory < memoryTarget)
	return nil
}

func residentBytes(pid int) (int64, error) { return memoryOf(pid, "VmRSS") }

// memoryOf returns the memory of a process in bytes: what is VmRSS for the current or VmHWM for the peak resident size (proc(5)).
func memoryOf(pid int, what string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), what+":")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return kib << 10, nil
}

// rates compares requests and sign-ins per second with those of the baseline programs.
func (b *bench) rates(ctx context.Context, _ directory, p *subprocess.Process) error {
	people, err := signIn(ctx, p.URL, min(b.Connections, b.Users))
	if err != nil {
		return err
	}
	me, byID := make([][][]byte, b.Connections), make([][][]byte, b.Connections)
	const page = "/login"
	paths := []string{"/api/v4/users/me"}
	for _, u := range people {
		paths = append(paths, "/api/v4/users/"+u.id)
	}
	for i := range b.Connections {
		token := people[i%len(people)].token
		me[i] = [][]byte{getRequest(paths[0], token)}
		for _, path := range paths[1:] {
			byID[i] = append(byID[i], getRequest(path, token))
		}
	}
	baseline, err := startBaseline(ctx, b.self, p.URL, people[0].token, append(paths, page))
	if err != nil {
		return err
	}
	defer func() { _ = baseline.Kill() }() // it has no state
	served := func(p *subprocess.Process, requests [][][]byte) measurement {
		return func() (float64, error) { return rate(ctx, host(p.URL), requests, b.Time) }
	}
	if err := b.compare("GET users/me, requests/s", served(p, me), served(baseline, me), requestRatioTarget); err != nil {
		return err
	}
	if err := b.compare("GET users/{id}, requests/s", served(p, byID), served(baseline, byID), requestRatioTarget); err != nil {
		return err
	}
	pages := make([][][]byte, b.Connections)
	for i := range pages {
		pages[i] = [][]byte{getRequest(page, "")}
	}
	if err := b.compare("GET "+page+", a page, requests/s", served(p, pages), served(baseline, pages), pageRatioTarget); err != nil {
		return err
	}
	hashes := func() (float64, error) { return hashRate(ctx, b.self, b.Time) }
	return b.compare("sign-ins/s", served(p, b.signIns()), hashes, signInRatioTarget)
}

// signIns returns login requests for each connection. No two connections use the same account.
func (b *bench) signIns() [][][]byte {
	const peoplePerConnection = 16
	all := make([][][]byte, b.Connections)
	for n := range min(b.Connections*peoplePerConnection, b.Users) {
		_, _, name := userNames(n)
		body := `{"login_id":"` + name + `","password":"` + secret + `"}`
		all[n%len(all)] = append(all[n%len(all)], postRequest("/api/v4/users/login", "", body))
	}
	return all
}

// measurement returns a rate per second.
type measurement func() (float64, error)

// compare measures the server and the baseline in turns, so that other load on the machine affects both.
func (b *bench) compare(what string, server, baseline measurement, target float64) error {
	step(what)
	var rates, baselines, ratios []float64
	for range b.Rounds {
		s, err := server()
		if err != nil {
			return err
		}
		r, err := baseline()
		if err != nil {
			return err
		}
		rates, baselines, ratios = append(rates, s), append(baselines, r), append(ratios, s/r)
	}
	b.table.ratio(what, median(rates), median(baselines), median(ratios), target)
	return nil
}

func host(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base // dialling it returns an error
	}
	return u.Host
}
