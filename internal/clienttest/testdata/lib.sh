# What the run.sh scripts share. Clients are installed once, into CLIENTS_CACHE, outside of the working tree.
set -eu
CLIENTS_CACHE=${CLIENTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dpproxy-clients}
mkdir -p "$CLIENTS_CACHE"

# need PROGRAM …: the toolchain, without which the client is skipped.
need() {
	for program in "$@"; do
		command -v "$program" >/dev/null 2>&1 && continue
		echo "skipped: $program is not on this machine"
		exit 77
	done
}

# debian PACKAGE …: installs Debian's packages where that is possible, else skips.
debian() {
	dpkg -s "$@" >/dev/null 2>&1 && return
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "skipped: $* is not installed, and cannot be (not root on Debian)"
		exit 77
	fi
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@" >/dev/null
}
