#!/usr/bin/env bash
# with-s3.sh CMD [ARG...] - runs a command beside a private S3 server, named in MUSTER_TEST_S3 as http://KEY:SECRET@HOST:PORT/BUCKET.
# The server is Versity's gateway over a temporary directory, on a free loopback port, and gone when the command ends. A server that
# MUSTER_TEST_S3 names already is used as it is. It is built once, at the version below, into a cache outside the repository (about
# a minute on two cores). Where it can't be had the command runs alone; with CI=true that is a failure.
set -euo pipefail
version=v1.8.0
tool=${XDG_CACHE_HOME:-$HOME/.cache}/muster-tools/versitygw-$version/versitygw

build() {
	echo "building versitygw $version, once: takes a minute or two" >&2
	# outside the repository, whose go.mod it has no part in
	(cd / && GOBIN=$(dirname "$tool") go install "github.com/versity/versitygw/cmd/versitygw@$version")
}

stop() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	rm -rf "$dir"
}

random_text() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# listens waits until the server takes connections; it fails if the server ends, as it does when the port is taken.
listens() {
	for _ in $(seq 100); do
		kill -0 "$server" 2>/dev/null || return 1
		if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
			sleep 0.1 # the connection may have been to another server, on whose port ours is about to fail
			kill -0 "$server" 2>/dev/null
			return
		fi
		sleep 0.1
	done
	return 1
}

# start tries ports until one is free. What the server knows of files lies beside them: not every file system has extended attributes.
start() {
	local port key secret
	key=$(random_text)
	secret=$(random_text)
	mkdir -p "$dir/data/muster" "$dir/meta"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		port=$((20000 + RANDOM))
		ROOT_ACCESS_KEY_ID=$key ROOT_SECRET_ACCESS_KEY=$secret "$tool" --port "127.0.0.1:$port" --keep-alive --quiet \
			posix --sidecar "$dir/meta" "$dir/data" >"$dir/log" 2>&1 &
		server=$!
		if listens "$port"; then
			export MUSTER_TEST_S3="http://$key:$secret@127.0.0.1:$port/muster"
			return
		fi
		kill "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	done
	cat "$dir/log" >&2
	return 1
}

if [ -n "${MUSTER_TEST_S3:-}" ]; then
	exec "$@"
fi
if [ ! -x "$tool" ] && ! build; then
	echo "SKIPPED: versitygw is not there and can't be built; the tests of S3 don't run" >&2
	if [ "${CI:-}" = true ]; then
		exit 1
	fi
	exec "$@"
fi

server=
dir=$(mktemp -d "${TMPDIR:-/tmp}/muster-s3.XXXXXX")
trap stop EXIT
start
"$@"
