#!/bin/sh
# test.sh [race]: vet and test all packages, against PostgreSQL and Redis servers that are started once.
# With `race`, only the packages that share state between goroutines, under the race detector.
set -u
cd "$(dirname "$0")/.." || exit 1
go=${GO:-go}
packages=./...
flags=
if [ "${1:-}" = race ]; then
	flags=-race
	packages="./answer/... ./budget/... ./ratelimit/... ./login ./internal/fetch ./proxy/... ./rewrite ./engine/..."
else
	echo "go vet ./..." >&2
	sh scripts/progress.sh "go vet (the first time compiles PostgreSQL's parser and SQLite)" "$go" vet ./... || exit 1
fi
echo "go test $flags $packages" >&2
exec sh scripts/progress.sh "go test" \
	"$go" run ./internal/testservers/cmd/testservers "$go" test $flags -timeout 20m $packages
