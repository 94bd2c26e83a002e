#!/bin/sh
# fuzz.sh TIME: every fuzz target for TIME each, one after the other, and random queries for as long on each engine.
set -u
cd "$(dirname "$0")/.." || exit 1
go=${GO:-go}
failed=0
for file in $(grep -rl --include='*_test.go' '^func Fuzz' .); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "== $(dirname "$file") $target"
		"$go" test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-20s}" "$(dirname "$file")" || failed=1
	done
done
echo "== ./internal/sqltest random queries"
"$go" run ./internal/testservers/cmd/testservers \
	"$go" test -timeout 0 -run TestRandomQueries ./internal/sqltest -random.for "${1:-20s}" -random.seed "$(date +%s)" || failed=1
exit $failed
