#!/usr/bin/env bash
# wire.sh [OPTION...] - replays the recorded exchanges of the reference server against a server started for that.
# Options go to wire.py, for instance --only users.list or --verbose.
set -euo pipefail
cd "$(dirname "$0")/.."
recordings=${WIRE:-../shared}
dir=$(mktemp -d)
server=
# shellcheck disable=SC2329 # called by the trap
stop() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || true
		wait "$server" || true
	fi
	rm -rf "$dir"
}
trap stop EXIT

go build -o "$dir/muster" ./cmd/muster
MUSTER_METRICSSETTINGS_LISTENADDRESS='' "$dir/muster" serve --listen 127.0.0.1:0 --data "$dir/data" --local-socket "$dir/socket" >"$dir/out" 2>"$dir/log" &
server=$!
for _ in $(seq 100); do
	base=$(sed -n 's/^listening on //p' "$dir/out")
	if [ -n "$base" ]; then
		break
	fi
	sleep 0.1
done
if [ -z "$base" ]; then
	cat "$dir/log" >&2
	exit 1
fi
python3 "$recordings/wire.py" compare --base "$base" --socket "$dir/socket" --dir "$recordings/reference/wire" "$@"
