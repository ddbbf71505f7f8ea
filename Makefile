# Plain "make" lists the targets.
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## serve on 127.0.0.1:8065 with the data under ./data
	go run ./cmd/muster

.PHONY: build
build: ## build bin/muster
	go build -o bin/muster ./cmd/muster

.PHONY: test
test: ## all tests: both databases, shared storage, mail, browser, race detector, JavaScript client
	scripts/with-postgres.sh scripts/with-s3.sh scripts/with-smtp.sh scripts/test.sh

.PHONY: test-quick
test-quick: ## Go tests on SQLite, without the race detector and slow tests
	go test -short ./...

.PHONY: lint
lint: ## golangci-lint with .golangci.yml, shellcheck
	scripts/lint.sh

.PHONY: fmt
fmt: ## format the Go files
	gofmt -w $$(git ls-files '*.go')

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (30s) each
	scripts/fuzz.sh

.PHONY: bench
bench: ## measure rates, start-up, memory, searches and WebSockets, then how well a user is served during an attack
	go run ./bench
	go run ./bench attack

.PHONY: timing
timing: ## measure whether response times reveal which accounts exist (half an hour; TIMING="--samples 300" for less)
	go run ./bench/timing $(TIMING)

.PHONY: screenshots
screenshots: ## take screenshots of every page (README's in docs/screenshots, others in build/screenshots)
	MUSTER_SCREENSHOTS=$${MUSTER_SCREENSHOTS:-build/screenshots} scripts/with-smtp.sh go test -count=1 -run TestScreenshots ./test/browser

.PHONY: crash
crash: ## kill the server during writes and check that nothing acknowledged is lost
	go test -count=1 -v ./test/crash

.PHONY: fixture
fixture: ## create this version's fixture for the upgrade tests (NAME=v1.0; once per release)
	scripts/with-postgres.sh go run ./test/upgrade/makefixture $(NAME)

.PHONY: mutate
mutate: ## run mutation tests (half an hour; MUTATE="--sample 20" for less, MUTATE=--help for more)
	go run ./test/mutate $(MUTATE)

.PHONY: generate
generate: ## regenerate docs/configuration.md and docs/errors.md
	go generate ./...

.PHONY: wire
wire: ## replay the exchanges recorded in ../shared
	scripts/wire.sh

.PHONY: clean
clean: ## remove what was built (not ./data)
	rm -rf bin build test/js/node_modules
