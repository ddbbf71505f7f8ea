#!/usr/bin/env bash
# test.sh - everything that must pass: the Go tests under the race detector, the pages in a browser, the published JavaScript client.
# "make test" runs it under with-postgres.sh, with-s3.sh and with-smtp.sh, so that the tests run on both databases, on shared storage and with real mail.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
missing=()

# without REASON goes on without a part of the tests.
without() {
	skip "$1"
	missing+=("$1")
}

# The race detector also checks each conversion of a pointer, which SQLite, translated from C, is full of: that takes most of the tests' time.
# SQLite can't be left out of the detector itself: a generic function that both instantiate may then be linked without it, and false races come of that.
race=(-race -gcflags=modernc.org/...=-d=checkptr=0)
if ! command -v "$(go env CC)" >/dev/null; then
	without "the race detector, for want of a C compiler"
	race=()
fi
if [ -z "${MUSTER_TEST_POSTGRES:-}" ]; then
	without "PostgreSQL, for want of a server (make test brings one up)"
fi
if [ -z "${MUSTER_TEST_S3:-}" ]; then
	without "S3-compatible storage, for want of a server (make test brings one up)"
fi
if [ -z "${MUSTER_TEST_SMTP:-}" ]; then
	without "mail, for want of a server (make test brings one up)"
fi
if ! command -v oathtool >/dev/null && ! scripts/apt-install.sh oathtool; then
	without "one-time codes, for want of oathtool to make them with (Debian package oathtool)"
fi
if ! command -v chromium >/dev/null && ! scripts/apt-install.sh chromium fonts-dejavu-core; then
	without "the pages in a browser, for want of one (Debian package chromium)"
fi
node=true
if ! command -v npm >/dev/null; then
	without "the JavaScript client and the pages' accessibility, for want of Node.js"
	node=
fi

if [ -n "$node" ]; then
	(cd test/js && npm ci --no-audit --no-fund --loglevel=error) # the pages' tests use axe from there
fi
dir=$(scratch test)
trap 'rm -rf "$dir"' EXIT
export GOTMPDIR=${GOTMPDIR:-${TMPDIR:-/tmp}} TMPDIR=$dir # the tests' files, not the compiler's
echo "== go test"
go test -vet=off "${race[@]}" -timeout 30m ./... # lint.sh vets
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
