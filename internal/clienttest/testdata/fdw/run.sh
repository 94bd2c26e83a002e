# postgres_fdw from another PostgreSQL: IMPORT FOREIGN SCHEMA, and a query over it. The other PostgreSQL is the one behind the
# proxy, under another database's name: it knows the proxy by its address alone.
. ../lib.sh
need psql
other() { env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE -u PGPASSWORD -u PGSSLMODE psql -X -v ON_ERROR_STOP=1 -Atq "$SITE_SOURCE" "$@"; }
if ! other -c 'CREATE EXTENSION IF NOT EXISTS postgres_fdw' 2>/dev/null; then
	echo 'skipped: postgres_fdw is not installed with this PostgreSQL'
	exit 77
fi
# The other PostgreSQL runs as another user, who must be able to read the certificate.
readable=$(mktemp -d)
trap 'rm -rf "$readable"' EXIT
cp "$PGSSLROOTCERT" "$readable/root.crt"
chmod 755 "$readable" && chmod 644 "$readable/root.crt"
status=0
check() { # check WHAT WANT SQL …: the last line is WANT; of several statements, each a message of its own, some may fail
	what=$1 want=$2
	shift 2
	got=$(printf '%s;\n' "$@" | other -v ON_ERROR_STOP=0 2>&1) || true
	if [ "$(printf '%s\n' "$got" | tail -1)" = "$want" ]; then printf 'ok %s\n' "$what"; else status=1; printf 'not ok %s: %s\n' "$what" "$got"; fi
}
heard() { # heard WHAT PATTERN: in what the last check saw
	if printf '%s\n' "$got" | grep -q "$2"; then printf 'ok %s\n' "$1"; else status=1; printf 'not ok %s: %s\n' "$1" "$got"; fi
}
other >/dev/null <<SQL
DROP SERVER IF EXISTS private CASCADE;
DROP SCHEMA IF EXISTS far CASCADE;
CREATE SERVER private FOREIGN DATA WRAPPER postgres_fdw
  OPTIONS (host '$PGHOST', port '$PGPORT', dbname '$PGDATABASE', sslmode 'verify-full', sslrootcert '$readable/root.crt', sslcert '/no/such.crt', fetch_size '100');
CREATE USER MAPPING FOR CURRENT_USER SERVER private OPTIONS (user '$PGUSER', password '$(printf %s "$PGPASSWORD" | sed "s/'/''/g")');
CREATE SCHEMA far;
SQL
check 'import' 'CREATED' "IMPORT FOREIGN SCHEMA public LIMIT TO (cities, numbers, persons, kinds) FROM SERVER private INTO far; SELECT 'CREATED'"
check 'columns' '6' "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'far' AND table_name = 'persons'"
check 'public rows' 'city 1' 'SELECT name FROM far.cities WHERE city_id = 1'
check 'by a cursor' '10000|50005000' 'SELECT count(n), sum(n) FROM (SELECT n FROM far.numbers OFFSET 0) q'
check 'a pushed-down aggregate' 't' 'SELECT count(*) BETWEEN 1900 AND 2100 FROM far.persons'
check 'with a condition' 't' "SELECT count(*) BETWEEN 700 AND 1100 FROM far.persons WHERE sex = 'f'"
check 'joins of public tables' '5' 'SELECT count(*) FROM far.cities c JOIN far.numbers n ON n.n = c.city_id'
check 'all types' '3' 'SELECT count(*) FROM far.kinds f JOIN public.kinds k ON f.id = k.id AND f::text = k::text'
check 'parameters' 'word 7' 'SET plan_cache_mode = force_generic_plan; PREPARE w(int, text) AS SELECT word FROM far.numbers WHERE n = $1 AND word LIKE $2; EXECUTE w(7, $$w%$$)'
check 'a cursor of the other side' '101' 'BEGIN; DECLARE c CURSOR FOR SELECT n FROM far.numbers ORDER BY n; MOVE 100 FROM c; FETCH 1 FROM c'
check 'rows of a private table are refused, in the middle of a transaction' 'city 2' 'BEGIN; SAVEPOINT s' 'SELECT income FROM far.persons' 'ROLLBACK TO s' 'SELECT name FROM far.cities WHERE city_id = 2' COMMIT
heard 'with a hint' 'HINT:.*aggregates'
check 'cancel' 'city 3' "SET statement_timeout = '300ms'" 'SELECT count(*) FROM far.numbers a, far.numbers b, far.numbers c' 'RESET statement_timeout' 'SELECT name FROM far.cities WHERE city_id = 3'
heard 'by the time limit' 'canceling statement due to statement timeout'
check 'connected again' 'city 4' 'SELECT name FROM far.cities WHERE city_id = 1; SELECT postgres_fdw_disconnect_all(); SELECT name FROM far.cities WHERE city_id = 4'
exit $status
