# PHP: PDO and ext/pgsql.
. ../lib.sh
debian php-cli php-pgsql
exec php checks.php
