#!/usr/bin/env bash
# with-smtp.sh CMD [ARG...] - runs a command with private mail servers, whose mails can be read back over HTTP (Mailpit's API v1):
#
#   MUSTER_TEST_SMTP=smtp://HOST:PORT - no TLS or authentication; refuses messages over 1 MiB (552)
#   MUSTER_TEST_SMTP_STARTTLS=smtp://USER:PASSWORD@HOST:PORT - requires STARTTLS and authentication. Only tests of internal/mail use it: its API
#     makes it fail on purpose (/api/v1/chaos)
#   MUSTER_TEST_SMTP_TLS=smtps://USER:PASSWORD@HOST:PORT - implicit TLS, requires authentication
#   MUSTER_TEST_SMTP_API, ..._STARTTLS_API, ..._TLS_API=http://HOST:PORT - where to read the mails of each
#   MUSTER_TEST_SMTP_CA - file with the certificate of both, for 127.0.0.1, which the system doesn't trust
#
# They accept and keep mail to addresses under .com, .org, .net and .test, and refuse others, such as
# x@refused.example (550).
# The servers are on free loopback ports over a temporary directory, and are removed when the command ends. If MUSTER_TEST_SMTP is
# already set, those servers are used instead. If Mailpit is not available, the command runs without; with CI=true that is a failure.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# start NAME [OPTION...] PORT runs a mail server on PORT, with its API on the next port.
start() {
	local name=$1 smtp=${*: -1}
	local http=$((smtp + 1))
	"$mailpit" --smtp "127.0.0.1:$smtp" --listen "127.0.0.1:$http" --database "$dir/$name.db" --disable-version-check --smtp-disable-rdns --max 0 \
		--smtp-allowed-recipients '\.(com|org|net|test)$' "${@:2:$#-2}" >"$dir/$name.log" 2>&1 &
	servers+=($!)
	listens $! "$smtp" && listens $! "$http" && address=127.0.0.1:$smtp api=http://127.0.0.1:$http
}

# certificate creates a certificate for 127.0.0.1 with Go's generate_cert.
certificate() {
	(cd "$dir" && go run "$(go env GOROOT)/src/crypto/tls/generate_cert.go" --host 127.0.0.1 --ecdsa-curve P256 --ca) 2>"$dir/certificate.log"
	export MUSTER_TEST_SMTP_CA=$dir/cert.pem
}

start_all() {
	local user password secured address api
	user=$(random_text)
	password=$(random_text)
	printf '%s:%s\n' "$user" "$password" >"$dir/users"
	certificate || return
	secured=(--smtp-tls-cert "$dir/cert.pem" --smtp-tls-key "$dir/key.pem" --smtp-auth-file "$dir/users")

	on_free_port start plain --max-message-size 1 || return
	export MUSTER_TEST_SMTP="smtp://$address" MUSTER_TEST_SMTP_API=$api
	on_free_port start starttls "${secured[@]}" --smtp-require-starttls --enable-chaos || return
	export MUSTER_TEST_SMTP_STARTTLS="smtp://$user:$password@$address" MUSTER_TEST_SMTP_STARTTLS_API=$api
	on_free_port start tls "${secured[@]}" --smtp-require-tls || return
	export MUSTER_TEST_SMTP_TLS="smtps://$user:$password@$address" MUSTER_TEST_SMTP_TLS_API=$api
}

stop() {
	stop_servers
	rm -rf "$dir"
}

if [ -n "${MUSTER_TEST_SMTP:-}" ]; then
	exec "$@"
fi
if ! mailpit=$(tool github.com/axllent/mailpit v1.33.1); then
	skip "mailpit is not installed and can't be built; the SMTP tests don't run"
	exec "$@"
fi

dir=$(scratch smtp)
trap stop EXIT
start_all || { cat "$dir"/*.log >&2 && exit 1; }
"$@"
