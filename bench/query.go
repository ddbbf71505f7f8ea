package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"muster"
	"muster/client"
	"muster/internal/subprocess"
)

// account is a user with a session.
type account struct{ id, token string }

// signIn signs the first n users in.
func signIn(ctx context.Context, base string, n int) ([]account, error) {
	var list []account
	for i := range n {
		_, _, name := userNames(i)
		c := client.New(base)
		u, err := c.Login(ctx, name, secret)
		if err != nil {
			return nil, err
		}
		list = append(list, account{u.ID, c.Token()})
	}
	return list, nil
}

// latencies measures searches and pages, one request at a time.
func (b *bench) latencies(ctx context.Context, d directory, p *subprocess.Process) error {
	step("searches in " + d.name)
	people, err := signIn(ctx, p.URL, 1)
	if err != nil {
		return err
	}
	token := people[0].token
	search := func(term string) []byte {
		return postRequest("/api/v4/users/search", token, `{"term":"`+term+`"}`)
	}
	complete := func(name string) []byte {
		return getRequest("/api/v4/users/autocomplete?name="+url.QueryEscape(name), token)
	}
	page := func(number int) []byte {
		return getRequest("/api/v4/users?per_page=60&page="+strconv.Itoa(number), token)
	}
	random := rand.New(rand.NewPCG(1, 2))
	pages := max(b.Users/60, 1)
	for _, q := range []struct {
		name string
		make func() []byte
	}{
		{"search by 1 letter", func() []byte { return search(surname(random, 1)) }},
		{"search by 2 letters", func() []byte { return search(surname(random, 2)) }},
		{"search by 4 letters", func() []byte { return search(surname(random, 4)) }},
		{"search by a username", func() []byte { _, _, name := userNames(random.IntN(b.Users)); return search(name) }},
		{"search by first and last name", func() []byte { first, last, _ := userNames(random.IntN(b.Users)); return search(first + " " + last) }},
		{"search that finds nobody", func() []byte { return search("x" + strconv.Itoa(random.IntN(b.Users)) + "x") }},
		{"autocomplete by 1 letter", func() []byte { return complete(surname(random, 1)) }},
		{"autocomplete by 3 letters", func() []byte { return complete(surname(random, 3)) }},
		{"first page of users", func() []byte { return page(0) }},
		{"page at a random depth", func() []byte { return page(random.IntN(pages)) }},
		{"last page of users", func() []byte { return page(pages - 1) }},
	} {
		requests := make([][]byte, b.Queries)
		for i := range requests {
			requests[i] = q.make()
		}
		s, err := latency(host(p.URL), requests)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		b.table.latency(q.name, d.name, s)
	}
	return nil
}

// surname returns the first letters of a random last name.
func surname(r *rand.Rand, letters int) string {
	name := muster.NormalizeName(lastNames[r.IntN(len(lastNames))])
	return name[:min(letters, len(name))]
}

// postgres measures with a new PostgreSQL database, which it drops afterwards.
func (b *bench) postgres(ctx context.Context) (err error) {
	server, err := sql.Open("pgx", b.Postgres)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	dsn, err := url.Parse(b.Postgres)
	if err != nil {
		return fmt.Errorf("--postgres: %w", err)
	}
	name := "muster_bench_" + muster.NewID()
	dsn.Path = "/" + name
	if _, err := server.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	defer func() {
		_, dropErr := server.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name)
		err = errors.Join(err, dropErr)
	}()
	d := directory{name: "PostgreSQL", data: b.dir, dsn: dsn.String()}
	if err := b.seed(ctx, d); err != nil {
		return err
	}
	return errors.Join(b.with(ctx, d, b.latencies), b.sockets(ctx, d), b.mails(ctx, d))
}
