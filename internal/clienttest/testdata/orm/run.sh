# Django, peewee, SQLModel, Pony, dataset, dbt.
. ../lib.sh
need python3
venv=$CLIENTS_CACHE/orm
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check --prefer-binary -r requirements.txt
status=0
for file in django_checks others; do
	echo "# $file"
	"$venv/bin/python" "$file.py" || status=1
done
exit $status
