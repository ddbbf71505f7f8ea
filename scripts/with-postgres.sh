#!/usr/bin/env bash
# with-postgres.sh CMD [ARG...] - runs a command with a private PostgreSQL, named in MUSTER_TEST_POSTGRES.
# The server is on a free loopback port in a temporary directory, and is removed when the command ends. A server that is
# already named in MUSTER_TEST_POSTGRES is used instead. Without PostgreSQL the command runs without it; with CI=true that is a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

# find_binaries prints the directory of the newest initdb.
find_binaries() {
	local dir
	while read -r dir; do
		if [ -x "$dir/initdb" ]; then
			echo "$dir"
			return
		fi
	done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV)
	if command -v initdb >/dev/null; then
		dirname "$(command -v initdb)"
	fi
}

# install_postgres installs Debian's package, without its system-wide cluster.
install_postgres() {
	"$here/apt-install.sh" postgresql-common || return
	mkdir -p /etc/postgresql-common/createcluster.d
	echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/muster-tests.conf
	"$here/apt-install.sh" postgresql
}

# unprivileged runs a command as a user other than root, which PostgreSQL refuses.
unprivileged() {
	if [ -n "$account" ]; then
		runuser -u "$account" -- "$@"
	else
		"$@"
	fi
}

stop() {
	unprivileged "$binaries/pg_ctl" stop --pgdata="$dir/data" --mode=immediate --silent >/dev/null 2>&1 || true
	rm -rf "$dir"
}

# start PORT runs the server without durability, for speed.
start() {
	unprivileged "$binaries/pg_ctl" start --pgdata="$dir/data" --log="$dir/log" --wait --silent \
		--options="-c port=$1 -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300 \
			-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0" >/dev/null 2>&1 &&
		export MUSTER_TEST_POSTGRES="postgres://muster@127.0.0.1:$1/postgres?sslmode=disable"
}

if [ -n "${MUSTER_TEST_POSTGRES:-}" ]; then
	exec "$@"
fi
binaries=$(find_binaries)
if [ -z "$binaries" ] && install_postgres; then
	binaries=$(find_binaries)
fi
if [ -z "$binaries" ]; then
	skip "PostgreSQL is not installed and can't be; its tests don't run"
	exec "$@"
fi

account=
dir=$(scratch postgres)
trap stop EXIT
if [ "$(id -u)" -eq 0 ]; then
	account=nobody
	chown "$account" "$dir"
fi
cd "$dir" # a directory that the unprivileged account can enter
unprivileged "$binaries/initdb" --pgdata="$dir/data" --username=muster --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
on_free_port start || { cat "$dir/log" >&2 && exit 1; }
cd "$OLDPWD"
"$@"
