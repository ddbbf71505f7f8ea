package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"muster/internal/auth/password"
)

// printHashRate prints the rate of password hashing alone, with the server's parameters and number of workers.
func printHashRate(ctx context.Context, length string) error {
	d, err := time.ParseDuration(length)
	if err != nil {
		return err
	}
	example, err := storedHash(ctx, secret)
	if err != nil {
		return err
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(example, "$argon2id$v=%d$m=%d,t=%d,p=%d$", &version, &memory, &passes, &lanes); err != nil {
		return fmt.Errorf("parameters of %q: %w", example, err)
	}
	hash := func() { argon2.IDKey([]byte(secret), []byte("sixteen byte sal"), passes, memory, lanes, 32) }
	repeat(hash, d/4) // until the memory is there
	fmt.Println(repeat(hash, d))
	return nil
}

// storedHash returns the hash that the server stores for a password.
func storedHash(ctx context.Context, plain string) (string, error) {
	reservation, err := password.New(password.Options{}).Reserve(ctx, password.Origin{})
	if err != nil {
		return "", err
	}
	defer reservation.Release()
	return reservation.Hash(plain)
}

// repeat calls a function repeatedly on every processor and returns the calls per second.
func repeat(do func(), length time.Duration) float64 {
	var times atomic.Int64
	var running sync.WaitGroup
	began := time.Now()
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			for time.Since(began) < length {
				do()
				times.Add(1)
			}
		})
	}
	running.Wait()
	return float64(times.Load()) / time.Since(began).Seconds()
}

// hashRate runs printHashRate in a subprocess and returns the hashes per second.
func hashRate(ctx context.Context, program string, length time.Duration) (float64, error) {
	out, err := exec.CommandContext(ctx, program, hashRole, length.String()).Output()
	if err != nil {
		return 0, fmt.Errorf("baseline hashing: %w", err)
	}
	return strconv.ParseFloat(string(bytes.TrimSpace(out)), 64)
}
