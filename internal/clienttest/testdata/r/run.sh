# R: DBI with RPostgreSQL, and dplyr over it.
. ../lib.sh
debian r-base-core r-cran-dbi r-cran-rpostgresql r-cran-dplyr r-cran-dbplyr
status=0
for file in checks dbplyr; do Rscript "$file.R" || status=1; done
exit $status
