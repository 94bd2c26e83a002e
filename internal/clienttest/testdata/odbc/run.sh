# psqlodbc through unixODBC, by pyodbc: what Tableau, Power BI's gateway and Excel use.
. ../lib.sh
need python3
debian unixodbc odbc-postgresql
venv=$CLIENTS_CACHE/odbc
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check 'pyodbc==5.3.0'
exec "$venv/bin/python" checks.py
