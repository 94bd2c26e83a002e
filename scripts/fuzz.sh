#!/bin/sh
# fuzz.sh TIME: every fuzz target for TIME each, one after the other, and random queries for as long on each engine; then a
# summary. What is found is kept as a case in the package's testdata/fuzz.
set -u
cd "$(dirname "$0")/.." || exit 1
go=${GO:-go}
time=${1:-20s}
failed=0
summary=$(mktemp)
log=$(mktemp)
trap 'rm -f "$summary" "$log"' EXIT

# say PACKAGE TARGET STATUS
say() {
	execs=$(grep -o 'execs: [0-9]*' "$log" | tail -1)
	if [ "$3" = 0 ]; then
		echo "ok      $1 $2 ${execs:-}" >>"$summary"
	else
		echo "FAILED  $1 $2 ${execs:-}" >>"$summary"
		failed=1
	fi
}

for file in $(grep -rl --include='*_test.go' '^func Fuzz' . | sort); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		package=$(dirname "$file")
		echo "== $package $target"
		"$go" run ./internal/testservers/cmd/testservers \
			"$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" >"$log" 2>&1
		status=$?
		cat "$log"
		say "$package" "$target" $status
	done
done
echo "== ./internal/sqltest random queries"
"$go" run ./internal/testservers/cmd/testservers \
	"$go" test -timeout 0 -run TestRandomQueries ./internal/sqltest -random.for "$time" -random.seed "$(date +%s)" >"$log" 2>&1
status=$?
cat "$log"
say ./internal/sqltest "random queries" $status
echo "== summary ($time each)"
cat "$summary"
exit $failed
