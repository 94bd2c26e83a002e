# pgx (with its pool) and lib/pq. The program is a module of its own, and is copied out of this one.
. ../lib.sh
need go
dir=$CLIENTS_CACHE/go
mkdir -p "$dir"
for file in main.go go.mod go.sum; do cp "$file.txt" "$dir/$file"; done
cd "$dir"
exec go run .
