# shellcheck shell=bash
# lib.sh - functions shared by the scripts, which source it.

# tool PACKAGE VERSION prints the path of a program written in Go. It is built once, into a cache outside the repository.
tool() {
	local name dir
	name=$(basename "$1")
	dir=${XDG_CACHE_HOME:-$HOME/.cache}/muster-tools/$name-$2
	if [ ! -x "$dir/$name" ]; then
		echo "building $name $2 (once; takes a few minutes)" >&2
		(cd / && GOBIN=$dir go install "$1@$2") || return # outside the repository, whose go.mod it has no part in
	fi
	echo "$dir/$name"
}

# skip REASON reports a part of the tests that can't run. With CI=true that is a failure.
skip() {
	echo "SKIPPED: $1" >&2
	if [ "${CI:-}" = true ]; then
		exit 1
	fi
}

# scratch NAME makes a temporary directory and prints its path. It is in memory if there is enough, because tests are much faster there.
scratch() {
	local parent=${TMPDIR:-/tmp}
	if df --output=avail /dev/shm 2>/dev/null | awk 'END { exit $1 < 4000000 }'; then # KiB
		parent=/dev/shm
	fi
	mktemp -d "$parent/muster-$1.XXXXXX"
}

# random_text prints 32 hexadecimal digits.
random_text() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# on_free_port COMMAND [ARG...] runs the command with a random port as its last argument until it succeeds, ten times at most.
on_free_port() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		if "$@" $((20000 + RANDOM)); then
			return
		fi
	done
	return 1
}

# listens PID PORT waits until the server with that process id accepts connections. It fails if the server ends, as it does when the port is taken.
listens() {
	for _ in $(seq 600); do
		kill -0 "$1" 2>/dev/null || return 1
		if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then
			sleep 0.1 # another server may have accepted, on whose port this one is about to fail
			kill -0 "$1" 2>/dev/null
			return
		fi
		sleep 0.1
	done
	return 1
}

servers=() # process ids of the servers that the script started

# stop_servers stops the servers and waits for them.
stop_servers() {
	if [ ${#servers[@]} -gt 0 ]; then
		kill "${servers[@]}" 2>/dev/null || true
		wait "${servers[@]}" 2>/dev/null || true
	fi
}
