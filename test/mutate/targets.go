package main

// defaultPackages are the packages to mutate. What does not exist is ignored.
var defaultPackages = []string{
	"internal/core", "internal/auth", "internal/accounts", "internal/directory", "internal/teams",
	"internal/store",
	`internal/mailer:^(quota|link)\.go$`,
	`internal/server/api:^(auth|session|route|router|call|caller|local)\.go$`,
	`internal/server/httpx:^(cookie|origin|token|device)\.go$`,
}

// defaultTests are the packages whose tests run.
var defaultTests = []string{
	"internal/core", "internal/auth/...", "internal/accounts", "internal/directory", "internal/teams", "internal/mailer", "internal/files",
	"internal/store", "internal/server/...", "test/attack",
}
