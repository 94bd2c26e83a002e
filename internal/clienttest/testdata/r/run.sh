# R: DBI with RPostgreSQL.
. ../lib.sh
debian r-base-core r-cran-dbi r-cran-rpostgresql
exec Rscript checks.R
