# HikariCP, Spring's JdbcTemplate, jOOQ, Hibernate, Calcite's JDBC adapter over pgjdbc; pgjdbc-ng.
. ../lib.sh
need java javac mvn
dir=$CLIENTS_CACHE/jvm
mkdir -p "$dir"
cp pom.xml Frameworks.java "$dir"
cd "$dir"
[ -d lib ] || mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
javac -proc:none -nowarn -cp 'lib/*' Frameworks.java
exec java -Dorg.slf4j.simpleLogger.defaultLogLevel=off -cp 'lib/*:.' Frameworks
