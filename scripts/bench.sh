#!/bin/sh
# bench.sh: every benchmark once, side by side; docs/performance.md tells how to read them.
set -u
cd "$(dirname "$0")/.." || exit 1
go=${GO:-go}
exec "$go" run ./internal/testservers/cmd/testservers "$go" test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-1s}" -timeout 60m ./...
