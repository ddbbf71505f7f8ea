#!/usr/bin/env bash
# fuzz.sh - runs every native fuzz target for FUZZTIME (30s if unset) and sums up. Fails when one does.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-30s}
targets=0
failed=()

while IFS=: read -r file target; do
	targets=$((targets + 1))
	echo "== $target in $(dirname "$file") for $time"
	if ! go test -run='^$' -fuzz="^$target\$" -fuzztime="$time" -fuzzminimizetime=1s "./$(dirname "$file")"; then
		failed+=("$target in $(dirname "$file")")
	fi
done < <(git ls-files -co --exclude-standard '*_test.go' | xargs -r grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/:func /:/' | sort)

if [ "$targets" -eq 0 ]; then
	echo "no fuzz target was found: is this a git checkout?" >&2
	exit 1
fi
echo "$targets fuzz targets, ${#failed[@]} failed"
if [ ${#failed[@]} -gt 0 ]; then
	printf '  %s\n' "${failed[@]}"
	exit 1
fi
