# pgx (with its pool) and lib/pq.
. ../lib.sh
need go
exec go run .
