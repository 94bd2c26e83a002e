# DuckDB's own client of PostgreSQL, pg8000, Ibis, sqlacodegen.
. ../lib.sh
need python3
venv=$CLIENTS_CACHE/tools
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check -r requirements.txt
exec "$venv/bin/python" checks_tools.py
