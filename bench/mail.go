package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"muster/client"
	"muster/internal/subprocess"
)

const (
	mailPoll     = 20 * time.Millisecond
	mailMeasure  = 1000 // mails
	mailPatience = 2 * time.Minute
)

// mails measures how fast mails leave the outbox: from the first request of a password reset until the last mail is a file.
func (b *bench) mails(ctx context.Context, d directory) error {
	step("mails, " + d.name)
	return b.with(ctx, d, func(ctx context.Context, d directory, p *subprocess.Process) error {
		folder := filepath.Join(d.data, "mail")
		before, err := mailFiles(folder)
		if err != nil {
			return err
		}
		anybody := client.New(p.URL)
		n := min(mailMeasure, b.Users)
		began := time.Now()
		first := int(began.Unix()) % b.Users // an account is mailed three links an hour, and the directory may be an earlier run's
		for i := range n {
			if err := askForReset(ctx, anybody, (first+i)%b.Users); err != nil {
				return err
			}
		}
		for {
			now, err := mailFiles(folder)
			if err != nil {
				return err
			}
			if now-before >= n {
				break
			}
			if wait(ctx, mailPoll); ctx.Err() != nil {
				return ctx.Err()
			}
			if time.Since(began) > mailPatience {
				return fmt.Errorf("%d of %d mails came", now-before, n)
			}
		}
		b.table.measured("mails requested, encrypted, taken from the outbox and written to files, "+d.name, fmt.Sprintf("%.0f/s", float64(n)/time.Since(began).Seconds()))
		return nil
	})
}

// askForReset requests a password reset and retries while the server is busy.
func askForReset(ctx context.Context, anybody *client.Client, account int) error {
	_, _, name := userNames(account)
	for {
		err := anybody.SendPasswordReset(ctx, name+"@example.com")
		if !client.HasID(err, "api.context.server_busy.app_error") {
			return err
		}
		wait(ctx, mailPoll)
	}
}

func mailFiles(folder string) (n int, err error) {
	files, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".eml") {
			n++
		}
	}
	return n, err
}
