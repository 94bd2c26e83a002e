# psql: what people type, and what tab completion asks.
. ../lib.sh
need psql
status=0
check() { # check WHAT PATTERN psql-arguments …: the output must have a line that matches
	what=$1 pattern=$2
	shift 2
	out=$(psql -X "$@" 2>&1 </dev/null) || true
	if printf '%s\n' "$out" | grep -Eq -- "$pattern"; then
		printf "ok %s\n" "$what"
	else
		status=1
		printf 'not ok %s: no %s in\n%s\n' "$what" "$pattern" "$out"
	fi
}
check 'TLS and SCRAM' 'SSL connection' -c '\conninfo'
check 'a private answer' '^spent|spent' -c 'SELECT count(*) FROM persons'
check '\d' 'public.*persons.*table.*dpproxy' -c '\d'
check '\d persons' 'age .*integer' -c '\d persons'
check '\d+ tells bounds' 'Between 0 and 110' -c '\d+ persons'
check '\d+ tells what may be asked' 'May be asked: .*sum' -c '\d+ persons'
check 'foreign keys' 'FOREIGN KEY \(person_id\) REFERENCES persons\(person_id\)' -c '\d visits'
check 'referenced by' 'TABLE "visits" CONSTRAINT' -c '\d persons'
check '\dt+ has no sizes' '0 bytes' -c '\dt+'
check '\l' 'clinic' -c '\l'
check '\l+' 'clinic' -c '\l+'
check '\dn' 'public' -c '\dn+'
check '\df' 'rows' -c '\df'
check '\df count' 'count' -c '\df count'
check '\du shows the analyst' 'analyst' -c '\du'
check '\du shows the owner' 'dpproxy' -c '\du'
check '\dp' 'persons' -c '\dp'
check '\dv' 'Did not find any|rows' -c '\dv'
check '\di' 'persons_pkey' -c '\di'
check '\dT' 'rows|List' -c '\dT'
check '\dx' 'rows|List' -c '\dx'
check '\dconfig' 'dp.epsilon' -c '\dconfig dp.*'
check 'edit of a built-in function' 'does not exist|cannot|CREATE' -c '\sf nothing'
check 'FETCH_COUNT' '10000' -v FETCH_COUNT=100 -c 'SELECT n FROM numbers ORDER BY n'
check '\copy' '^1,city 1' -c "\\copy (SELECT city_id, name FROM cities ORDER BY 1) TO STDOUT CSV"
check 'csv' '^1,city 1' --csv -c 'SELECT city_id, name FROM cities ORDER BY 1'
check 'EXPLAIN' 'Price' -c 'EXPLAIN SELECT count(*) FROM persons'
check 'raw rows are refused with a hint' 'HINT:.*aggregates' -c 'SELECT * FROM persons'
check 'variables' 'dp.epsilon|0.5' -c "SET dp.epsilon = 0.5" -c 'SHOW dp.epsilon'
check 'an error in a transaction' 'current transaction is aborted' -c 'BEGIN' -c 'SELECT nothing' -c 'SELECT 1' -c 'ROLLBACK'
check 'single transaction' '^ *2$' -1 -At -c 'SELECT 1' -c 'SELECT 2'
check 'list of databases' 'clinic' -l -d clinic
check 'psql -l' '^ clinic ' -l -d postgres
check 'postgres has no tables' 'Connect to: clinic' -d postgres -c 'SELECT count(*) FROM persons'
check 'a database that does not exist' 'Connect to: clinic' -d nowhere -c 'SELECT 1'
check 'columns of a private table' '^person_id,sex,age' -A -F, -c 'SELECT * FROM persons LIMIT 0'
check 'all types' '^1\|t\|12\|123456\|1234567890123\|1.5\|2.25\|12345.67890\|text "x" ä€😀\|varchar\|ab  \|a_name\|c\|4711\|2024-02-29\|12:34:56.789\|12:34:56\+02\|2024-02-29 12:34:56.789\|2024-02-29 12:34:56.789\+00\|1 year 2 days 03:04:05\|00112233-4455-6677-8899-aabbccddeeff\|.x00ff10\|' -At -c "SET TimeZone = 'UTC'" -c 'SELECT * FROM kinds WHERE id = 1'
check 'prepared statements' '^word 7$' -At -c 'PREPARE w(int) AS SELECT word FROM numbers WHERE n = $1' -c 'EXECUTE w(7)' -c 'DEALLOCATE w'
check 'a prepared private statement' '^[0-9]+$' -At -c 'PREPARE p(int, text) AS SELECT count(*) FROM persons WHERE age > $1 AND sex = $2' -c "EXECUTE p(30, 'f')"
check 'a cursor' '^101$' -At -c 'BEGIN' -c 'DECLARE c CURSOR FOR SELECT n FROM numbers ORDER BY n' -c 'MOVE 100 FROM c' -c 'FETCH 1 FROM c' -c 'COMMIT'
check 'after an error in a transaction' '^5$' -At -c 'BEGIN' -c 'SELECT nothing' -c 'ROLLBACK' -c 'SELECT 5'
check 'a time limit' 'statement timeout' -c "SET statement_timeout = '200ms'" -c 'SELECT count(*) FROM numbers a, numbers b, numbers c'
if printf '%s\n' 'SELECT 1 AS one;' '\c - - - -' 'SELECT 2 AS again;' | psql -X -At 2>&1 | grep -qx 2; then echo 'ok connected again by \c'; else echo 'not ok connected again by \c'; status=1; fi
if (trap '' INT; timeout -s INT 1 psql -X -c 'SELECT count(*) FROM numbers a, numbers b, numbers c' 2>&1 || true) | grep -q 'Cancel request sent\|canceling'; then echo 'ok cancel by Ctrl-C'; else echo 'not ok cancel by Ctrl-C'; status=1; fi
if printf 'SELECT count(*) AS n FROM persons \\gdesc\n' | psql -X 2>&1 | grep -q 'bigint'; then echo 'ok \gdesc'; else echo 'not ok \gdesc'; status=1; fi
exit $status
