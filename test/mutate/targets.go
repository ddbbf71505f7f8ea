package main

import "strings"

// What is mutated, and whose tests run. What does not exist is left out.
var (
	defaultPackages = strings.Join([]string{
		"internal/app", "internal/core", "internal/auth", "internal/accounts", "internal/directory",
		"internal/store",
		"internal/server/api:^(auth|session|route|router|call|caller|local)\\.go$",
		"internal/server/httpx:^(cookie|origin|token|device)\\.go$",
	}, " ")
	defaultTests = strings.Join([]string{
		"internal/app", "internal/core", "internal/auth/...", "internal/accounts", "internal/directory", "internal/mailer", "internal/files",
		"internal/store", "internal/server/...", "test/attack",
	}, " ")
)
