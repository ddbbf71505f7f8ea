#!/usr/bin/env bash
# lint.sh - formatting, golangci-lint with .golangci.yml, and shellcheck where it is installed.
# golangci-lint is built once, at the version below, into a cache outside the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v2.15.0
tool=${XDG_CACHE_HOME:-$HOME/.cache}/muster-tools/golangci-lint-$version/golangci-lint

if [ ! -x "$tool" ]; then
	echo "building golangci-lint $version, once: takes some minutes"
	GOBIN=$(dirname "$tool") go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
fi
"$tool" run ./...
if command -v shellcheck >/dev/null; then
	shellcheck scripts/*.sh .ci/run
else
	echo "SKIPPED: shellcheck is not installed" >&2
fi
