# Apache Superset: connects, reflects, builds a chart by its API, refreshes it, and runs SQL Lab.
. ../lib.sh
need python3
venv=$CLIENTS_CACHE/superset
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check 'apache-superset==4.1.1' psycopg2-binary 'marshmallow<4'
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export SUPERSET_HOME="$home" SUPERSET_CONFIG_PATH="$PWD/superset_config.py" FLASK_APP=superset
"$venv/bin/superset" db upgrade >"$home/log" 2>&1 &&
	"$venv/bin/superset" fab create-admin --username admin --firstname a --lastname b --email a@example.org --password admin >>"$home/log" 2>&1 &&
	"$venv/bin/superset" init >>"$home/log" 2>&1 || { tail -20 "$home/log"; exit 1; }
"$venv/bin/python" checks.py 2>"$home/log" || { grep -v Warning "$home/log" | grep -E "^(AssertionError|KeyError|[a-z.]*Error)" | cut -c1-600; exit 1; }
