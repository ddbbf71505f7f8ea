#!/usr/bin/env bash
# with-s3.sh CMD [ARG...] - runs a command with a private S3 server, named in MUSTER_TEST_S3 as http://KEY:SECRET@HOST:PORT/BUCKET.
# The server is Versity's gateway over a temporary directory, on a free loopback port, and is removed when the command ends. A server that is
# already named in MUSTER_TEST_S3 is used instead. If the gateway is not available, the command runs without it; with CI=true that is a failure.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# start PORT runs the gateway. It keeps metadata beside the files, since not every file system has extended attributes.
start() {
	ROOT_ACCESS_KEY_ID=$key ROOT_SECRET_ACCESS_KEY=$secret "$gateway" --port "127.0.0.1:$1" --keep-alive --quiet \
		posix --sidecar "$dir/meta" "$dir/data" >"$dir/log" 2>&1 &
	servers+=($!)
	listens $! "$1" && export MUSTER_TEST_S3="http://$key:$secret@127.0.0.1:$1/muster"
}

stop() {
	stop_servers
	rm -rf "$dir"
}

if [ -n "${MUSTER_TEST_S3:-}" ]; then
	exec "$@"
fi
if ! gateway=$(tool github.com/versity/versitygw/cmd/versitygw v1.8.0); then
	skip "versitygw is not installed and can't be built; the S3 tests don't run"
	exec "$@"
fi

dir=$(scratch s3)
trap stop EXIT
mkdir -p "$dir/data/muster" "$dir/meta"
key=$(random_text)
secret=$(random_text)
on_free_port start || { cat "$dir/log" >&2 && exit 1; }
"$@"
