#!/usr/bin/env bash
# test.sh - run all tests: the Go tests with the race detector, the pages in a browser, and the published JavaScript client.
# "make test" runs it under with-postgres.sh, with-s3.sh and with-smtp.sh, so that the tests run on both databases, on shared storage and with real mail.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
missing=()

# without REASON skips a part of the tests.
without() {
	skip "$1"
	missing+=("$1")
}

# -race also checks pointer conversions, which take most of the time in SQLite because it is translated from C. SQLite itself can't be excluded from
# the race detector: generic functions that it shares with other packages may then be linked without instrumentation, which causes false reports.
race=(-race -gcflags=modernc.org/...=-d=checkptr=0)
if ! command -v "$(go env CC)" >/dev/null; then
	without "the race detector: no C compiler found"
	race=()
fi
if [ -z "${MUSTER_TEST_POSTGRES:-}" ]; then
	without "PostgreSQL: no server found (make test starts one)"
fi
if [ -z "${MUSTER_TEST_S3:-}" ]; then
	without "S3-compatible storage: no server found (make test starts one)"
fi
if [ -z "${MUSTER_TEST_SMTP:-}" ]; then
	without "mail: no SMTP server found (make test starts one)"
fi
if ! command -v oathtool >/dev/null && ! scripts/apt-install.sh oathtool; then
	without "one-time codes: oathtool not found (Debian package oathtool)"
fi
if ! command -v chromium >/dev/null && ! scripts/apt-install.sh chromium fonts-dejavu-core; then
	without "the pages in a browser: chromium not found (Debian package chromium)"
fi
node=true
if ! command -v npm >/dev/null; then
	without "the JavaScript client and the pages' accessibility: Node.js not found"
	node=
fi

if [ -n "$node" ]; then
	(cd test/js && npm ci --no-audit --no-fund --loglevel=error) # the pages' tests use axe from there
fi
dir=$(scratch test)
trap 'rm -rf "$dir"' EXIT
export GOTMPDIR=${GOTMPDIR:-${TMPDIR:-/tmp}} TMPDIR=$dir # for the tests' files, not the compiler's
echo "== go test"
# The longest packages come first, and one more at a time than there are cores, since tests also wait: for servers, browsers, timers. lint.sh vets.
go test -vet=off "${race[@]}" -timeout 30m -p $(($(nproc) + 1)) ./test/... ./internal/server/... ./...
if [ -n "$node" ]; then
	echo "== JavaScript client"
	(cd test/js && npm test)
fi

minutes=$(printf '%d min %02d s' $((SECONDS / 60)) $((SECONDS % 60)))
if [ ${#missing[@]} -eq 0 ]; then
	echo "PASSED in $minutes: Go tests with the race detector on SQLite and PostgreSQL, S3, mail, pages in a browser, JavaScript client"
else
	printf 'PASSED in %s, but without:\n' "$minutes"
	printf '  %s\n' "${missing[@]}"
fi
