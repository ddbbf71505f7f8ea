#!/usr/bin/env bash
# wire.sh [OPTION...] - replays exchanges recorded from the reference server against a new server.
# Options are passed to wire.py, for example --only users.list or --verbose.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
recordings=${WIRE:-../shared}
dir=$(scratch wire)
stop() {
	stop_servers
	rm -rf "$dir"
}
trap stop EXIT

go build -o "$dir/muster" ./cmd/muster
MUSTER_METRICSSETTINGS_LISTENADDRESS='' "$dir/muster" serve --listen 127.0.0.1:0 --data "$dir/data" --local-socket "$dir/socket" >"$dir/out" 2>"$dir/log" &
servers+=($!)
for _ in $(seq 600); do
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
