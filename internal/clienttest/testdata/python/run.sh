# psycopg 3, psycopg 2, asyncpg, SQLAlchemy 2 with pandas, ADBC, connectorx, polars.
. ../lib.sh
need python3
venv=$CLIENTS_CACHE/python
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check -r requirements.txt
status=0
for file in psycopg3 parameters psycopg2_checks asyncpg_checks sqlalchemy_checks frames; do
	echo "# $file"
	"$venv/bin/python" "$file.py" || status=1
done
exit $status
