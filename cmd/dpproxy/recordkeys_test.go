package main

import (
	"database/sql"
	"slices"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/dpproxy/dpproxy/internal/testservers"
)

// The printed SQL makes the same keys on both engines, in the range, and other keys of another secret.
func TestRecordKeys(t *testing.T) {
	const bigN = 1766976779
	keysOf := func(driver, url, engine, secret string) (keys []int64) {
		db, err := sql.Open(driver, url)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.Exec(`DROP TABLE IF EXISTS "P q"; CREATE TABLE "P q" (id bigint PRIMARY KEY); INSERT INTO "P q" SELECT * FROM generate_series(1, 500)`); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(recordKeySQL(engine, "P q", "id", "record_key", secret, bigN)); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query(`SELECT record_key FROM "P q" ORDER BY id`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var k int64
			if err := rows.Scan(&k); err != nil || k < 0 || k >= bigN {
				t.Fatalf("key %d: %v", k, err)
			}
			keys = append(keys, k)
		}
		if len(keys) != 500 {
			t.Fatalf("%d keys", len(keys))
		}
		return keys
	}
	url := testservers.Postgres(t)
	one := keysOf("pgx", url, "postgres", "a secret of the owner's")
	if two := keysOf("duckdb", "", "duckdb", "a secret of the owner's"); !slices.Equal(one, two) {
		t.Error("the engines make other keys of the same secret")
	}
	if other := keysOf("pgx", url, "postgres", "it's another secret"); slices.Equal(one, other) {
		t.Error("another secret makes the same keys")
	}
	seen := slices.Clone(one)
	slices.Sort(seen)
	if n := len(slices.Compact(seen)); n < 499 {
		t.Errorf("%d different keys of 500", n)
	}
}
