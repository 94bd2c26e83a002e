# postgres_fdw from another PostgreSQL: IMPORT FOREIGN SCHEMA, and a query over it. The other PostgreSQL is the one behind the
# proxy, under another database's name: it knows the proxy by its address alone.
. ../lib.sh
need psql
other() { env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE -u PGPASSWORD -u PGSSLMODE psql -X -v ON_ERROR_STOP=1 -Atq "$SITE_SOURCE" "$@"; }
if ! other -c 'CREATE EXTENSION IF NOT EXISTS postgres_fdw' 2>/dev/null; then
	echo 'skipped: postgres_fdw is not installed with this PostgreSQL'
	exit 77
fi
chmod a+rx "$(dirname "$PGSSLROOTCERT")" && chmod a+r "$PGSSLROOTCERT"
status=0
check() { # check WHAT WANT SQL
	if got=$(other -c "$3" 2>&1) && [ "$(printf '%s\n' "$got" | tail -1)" = "$2" ]; then printf 'ok %s\n' "$1"; else status=1; printf 'not ok %s: %s\n' "$1" "$got"; fi
}
other >/dev/null <<SQL
DROP SERVER IF EXISTS private CASCADE;
DROP SCHEMA IF EXISTS far CASCADE;
CREATE SERVER private FOREIGN DATA WRAPPER postgres_fdw
  OPTIONS (host '127.0.0.1', port '$PGPORT', dbname '$PGDATABASE', sslmode 'verify-ca', sslrootcert '$PGSSLROOTCERT', sslcert '/no/such.crt', fetch_size '100');
CREATE USER MAPPING FOR CURRENT_USER SERVER private OPTIONS (user '$PGUSER', password '$(printf %s "$PGPASSWORD" | sed "s/'/''/g")');
CREATE SCHEMA far;
SQL
check 'import' 'CREATED' "IMPORT FOREIGN SCHEMA public LIMIT TO (cities, numbers, persons) FROM SERVER private INTO far; SELECT 'CREATED'"
check 'columns' '6' "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'far' AND table_name = 'persons'"
check 'public rows' 'city 1' 'SELECT name FROM far.cities WHERE city_id = 1'
check 'by a cursor' '10000|50005000' 'SELECT count(n), sum(n) FROM (SELECT n FROM far.numbers OFFSET 0) q'
check 'a pushed-down aggregate' 't' 'SELECT count(*) BETWEEN 1900 AND 2100 FROM far.persons'
check 'with a condition' 't' "SELECT count(*) BETWEEN 700 AND 1100 FROM far.persons WHERE sex = 'f'"
check 'joins of public tables' '5' 'SELECT count(*) FROM far.cities c JOIN far.numbers n ON n.n = c.city_id'
exit $status
