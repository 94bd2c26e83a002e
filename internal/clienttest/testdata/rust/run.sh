# tokio-postgres, by rustls' sibling native-tls; and sqlx.
. ../lib.sh
need cargo
CARGO_TARGET_DIR=$CLIENTS_CACHE/rust cargo run --quiet --locked 2>&1 || exit 1
