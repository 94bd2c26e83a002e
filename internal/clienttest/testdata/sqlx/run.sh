# Rust's sqlx, with its pool; described statements too, which its macros ask for.
. ../lib.sh
need cargo
CARGO_TARGET_DIR=$CLIENTS_CACHE/sqlx cargo run --quiet --locked 2>&1 || exit 1
