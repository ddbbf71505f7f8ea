#!/usr/bin/env bash
# lint.sh - golangci-lint with .golangci.yml, which includes gofmt and vet, and shellcheck if installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

golangci=$(tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint v2.15.0)
"$golangci" run ./...
if command -v shellcheck >/dev/null; then
	shellcheck --external-sources scripts/*.sh .ci/run
else
	skip "shellcheck is not installed"
fi
