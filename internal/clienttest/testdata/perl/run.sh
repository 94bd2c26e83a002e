# Perl's DBI with DBD::Pg.
. ../lib.sh
need perl
debian libdbd-pg-perl
exec perl checks.pl
