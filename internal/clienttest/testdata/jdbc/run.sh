# pgjdbc.
. ../lib.sh
need java javac mvn
dir=$CLIENTS_CACHE/jdbc
mkdir -p "$dir"
[ -e "$dir/postgresql.jar" ] || mvn -q -B dependency:copy -Dartifact=org.postgresql:postgresql:42.7.7 -DoutputDirectory="$dir" -Dmdep.stripVersion=true
exec java -cp "$dir/postgresql.jar" Checks.java
