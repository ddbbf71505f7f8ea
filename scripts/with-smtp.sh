#!/usr/bin/env bash
# with-smtp.sh CMD [ARG...] - runs a command beside private mail servers, whose mails can be read back over HTTP (Mailpit's API v1):
#
#   MUSTER_TEST_SMTP=smtp://HOST:PORT - neither TLS nor sign-in; refuses contents of more than 1 MiB (552)
#   MUSTER_TEST_SMTP_STARTTLS=smtp://USER:PASSWORD@HOST:PORT - wants STARTTLS and a sign-in. Tests of internal/mail alone use it: its API
#     makes it fail on purpose (/api/v1/chaos)
#   MUSTER_TEST_SMTP_TLS=smtps://USER:PASSWORD@HOST:PORT - TLS from the first byte on, wants a sign-in
#   MUSTER_TEST_SMTP_API, ..._STARTTLS_API, ..._TLS_API=http://HOST:PORT - where the mails of each are read
#   MUSTER_TEST_SMTP_CA - file with the certificate of both, which is for 127.0.0.1 and which nobody trusts yet
#
# They keep every mail that they take, which is mail to addresses under .com, .org, .net and .test; others, such as x@refused.example, they
# refuse (550).
# The servers are on free loopback ports over a temporary directory, and gone when the command ends. Those that MUSTER_TEST_SMTP names
# already are used as they are. Mailpit is built once, at the version below, into a cache outside the repository (half a minute on two
# cores). Where it can't be had the command runs alone; with CI=true that is a failure.
set -euo pipefail
version=v1.33.1
tool=${XDG_CACHE_HOME:-$HOME/.cache}/muster-tools/mailpit-$version/mailpit

build() {
	echo "building mailpit $version, once: takes a minute or so" >&2
	# outside the repository, whose go.mod it has no part in
	(cd / && GOBIN=$(dirname "$tool") go install "github.com/axllent/mailpit@$version")
}

stop() {
	if [ ${#servers[@]} -gt 0 ]; then
		kill "${servers[@]}" 2>/dev/null || true
		wait "${servers[@]}" 2>/dev/null || true
	fi
	rm -rf "$dir"
}

random_text() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# listens PID PORT waits until the server takes connections; it fails if the server ends, as it does when a port is taken.
listens() {
	for _ in $(seq 100); do
		kill -0 "$1" 2>/dev/null || return 1
		if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then
			sleep 0.1 # the connection may have been to another server, on whose port ours is about to fail
			kill -0 "$1" 2>/dev/null
			return
		fi
		sleep 0.1
	done
	return 1
}

# start NAME [OPTION...] tries ports until two are free, and leaves them in smtp and http.
start() {
	local name=$1 server
	shift
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		smtp=127.0.0.1:$((20000 + RANDOM))
		http=127.0.0.1:$((20000 + RANDOM))
		"$tool" --smtp "$smtp" --listen "$http" --database "$dir/$name.db" --disable-version-check --smtp-disable-rdns --max 0 \
			--smtp-allowed-recipients '\.(com|org|net|test)$' "$@" >"$dir/$name.log" 2>&1 &
		server=$!
		servers+=("$server")
		if listens "$server" "${smtp#*:}" && listens "$server" "${http#*:}"; then
			return
		fi
		kill "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	done
	cat "$dir/$name.log" >&2
	return 1
}

# certificate makes one for 127.0.0.1, with the program that comes with Go.
certificate() {
	(cd "$dir" && go run "$(go env GOROOT)/src/crypto/tls/generate_cert.go" --host 127.0.0.1 --ecdsa-curve P256 --ca) 2>"$dir/certificate.log" ||
		{ cat "$dir/certificate.log" >&2 && return 1; }
	export MUSTER_TEST_SMTP_CA=$dir/cert.pem
}

start_all() {
	local user password secured
	user=$(random_text)
	password=$(random_text)
	printf '%s:%s\n' "$user" "$password" >"$dir/users"
	certificate
	secured=(--smtp-tls-cert "$dir/cert.pem" --smtp-tls-key "$dir/key.pem" --smtp-auth-file "$dir/users")

	start plain --max-message-size 1
	export MUSTER_TEST_SMTP="smtp://$smtp" MUSTER_TEST_SMTP_API="http://$http"
	start starttls "${secured[@]}" --smtp-require-starttls --enable-chaos
	export MUSTER_TEST_SMTP_STARTTLS="smtp://$user:$password@$smtp" MUSTER_TEST_SMTP_STARTTLS_API="http://$http"
	start tls "${secured[@]}" --smtp-require-tls
	export MUSTER_TEST_SMTP_TLS="smtps://$user:$password@$smtp" MUSTER_TEST_SMTP_TLS_API="http://$http"
}

if [ -n "${MUSTER_TEST_SMTP:-}" ]; then
	exec "$@"
fi
if [ ! -x "$tool" ] && ! build; then
	echo "SKIPPED: mailpit is not there and can't be built; the tests of SMTP don't run" >&2
	if [ "${CI:-}" = true ]; then
		exit 1
	fi
	exec "$@"
fi

servers=()
dir=$(mktemp -d "${TMPDIR:-/tmp}/muster-smtp.XXXXXX")
trap stop EXIT
start_all
"$@"
