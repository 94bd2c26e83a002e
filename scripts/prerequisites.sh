#!/bin/sh
# prerequisites.sh build|test: says what is missing to build; installs what the tests need and this machine lacks.
set -u
what=${1:-build}

missing() {
	echo "dpproxy needs $1, which is not installed. $2" >&2
	exit 1
}

command -v "${GO:-go}" >/dev/null 2>&1 ||
	missing "Go (the version in go.mod, or newer)" "See https://go.dev/doc/install."
command -v "${CC:-cc}" >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 ||
	missing "a C compiler" "On Debian: apt-get install gcc libc6-dev g++"
[ "$("${GO:-go}" env CGO_ENABLED)" = 1 ] ||
	missing "cgo" "Set CGO_ENABLED=1: the SQL parser, DuckDB and SQLite are C libraries."

packages=
# DuckDB's static library is C++: a C compiler alone has no libstdc++ to link it with.
cc=${CC:-cc}
command -v "$cc" >/dev/null 2>&1 || cc=gcc
probe=$(mktemp)
echo 'int main(void) { return 0; }' | "$cc" -x c - -o "$probe" -lstdc++ 2>/dev/null || packages=" g++"
rm -f "$probe"
if [ "$what" = build ]; then
	[ -n "$packages" ] || exit 0
	command -v apt-get >/dev/null 2>&1 || missing "the C++ standard library to link DuckDB" "Install g++ (or libstdc++'s development files)."
fi

[ "$what" = build ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || packages="$packages postgresql"
[ "$what" = build ] || command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || packages="$packages chromium"
[ "$what" = build ] || command -v redis-server >/dev/null 2>&1 || packages="$packages redis-server"
[ -n "$packages" ] || exit 0

[ -z "${DPPROXY_TEST_POSTGRES:-}${DPPROXY_POSTGRES_BIN:-}" ] || packages=$(echo "$packages" | sed 's/ postgresql//')
[ -z "${DPPROXY_TEST_REDIS:-}" ] || packages=$(echo "$packages" | sed 's/ redis-server//')
[ -n "$packages" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || missing "$packages" "Install them, or run this as root on Debian."
	sudo=sudo
fi
command -v apt-get >/dev/null 2>&1 || missing "$packages" "Install them with your system's packages."
echo "installing$packages" >&2
# Run level 1: the packages' own services are not started; the tests start servers of their own.
here=$(dirname "$0")
log=$(mktemp)
install() {
	$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=300 -qq update &&
		$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install $packages
}
if [ "${2:-}" = now ]; then install; exit $?; fi
if ! sh "$here/progress.sh" "installing$packages" sh "$0" "$what" now >"$log"; then
	cat "$log" >&2
	rm -f "$log"
	echo "could not install:$packages" >&2
	exit 1
fi
rm -f "$log"
