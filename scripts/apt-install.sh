#!/usr/bin/env bash
# apt-install.sh PACKAGE... - installs Debian packages. Fails unless run as root where apt-get exists.
set -euo pipefail

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "can't install $*: that needs root and apt-get" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@" >/dev/null
