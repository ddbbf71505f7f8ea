#!/usr/bin/env bash
# fuzz.sh - runs every native fuzz target for FUZZTIME (30s if unset) and prints a summary. Fails if one fails.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-30s}
targets=0
failed=()
out=$(mktemp)
trap 'rm -f "$out"' EXIT

while IFS=: read -r file target; do
	targets=$((targets + 1))
	echo "== $target in $(dirname "$file") for $time"
	if ! go test -run='^$' -fuzz="^$target\$" -fuzztime="$time" -fuzzminimizetime=1s "./$(dirname "$file")" 2>&1 | tee "$out"; then
		# Go before 1.27 may report its own deadline at the end of the time as a failure (go.dev/issue/75804); a finding always leaves an input.
		if grep -q 'context deadline exceeded' "$out" && ! grep -q 'Failing input written to' "$out"; then
			echo "no finding: go.dev/issue/75804"
			continue
		fi
		failed+=("$target in $(dirname "$file")")
	fi
done < <(git ls-files -co --exclude-standard '*_test.go' | xargs -r grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/:func /:/' | sort)

if [ "$targets" -eq 0 ]; then
	echo "no fuzz targets found; is this a git checkout?" >&2
	exit 1
fi
echo "$targets fuzz targets, ${#failed[@]} failed"
if [ ${#failed[@]} -gt 0 ]; then
	printf '  %s\n' "${failed[@]}"
	exit 1
fi
