package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/proxy/scram"
)

// BenchmarkProxy measures the proxy's own time on a cached plan: an answer through it, less the same rewritten SQL sent
// directly with pgx to the same PostgreSQL, query by query in turn. "measured" pays for each answer (one durable charge
// included), "reused" reads a stored release back.
func BenchmarkProxy(b *testing.B) {
	for _, reuse := range []string{`"off"`, "forever"} {
		name := map[string]string{`"off"`: "measured", "forever": "reused"}[reuse]
		b.Run(name, func(b *testing.B) { benchmarkProxy(b, reuse) })
	}
}

const benchQuery = "SELECT grp, count(*), avg(age) FROM persons GROUP BY grp"

func benchmarkProxy(b *testing.B, reuse string) {
	ctx := context.Background()
	url := testservers.Postgres(b)
	direct, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer direct.Close(ctx)
	for _, q := range []string{"CREATE TABLE persons (person_id integer PRIMARY KEY, grp integer, age integer)",
		"INSERT INTO persons SELECT i, i % 3, i % 90 FROM generate_series(1, 300) i", "ANALYZE persons"} {
		if _, err := direct.Exec(ctx, q); err != nil {
			b.Fatal(err)
		}
	}
	through := benchServer(b, url, reuse)
	defer through.Close(ctx)
	var plan string
	if err := through.QueryRow(ctx, "EXPLAIN (FORMAT JSON) "+benchQuery).Scan(&plan); err != nil {
		b.Fatal(err)
	}
	var parsed []struct {
		Measurements []struct{ SQL string }
	}
	if err := json.Unmarshal([]byte(plan), &parsed); err != nil {
		b.Fatal(err)
	}
	var own, whole []time.Duration
	for b.Loop() {
		own = append(own, drainQuery(b, direct, parsed[0].Measurements[0].SQL))
		whole = append(whole, drainQuery(b, through, benchQuery))
	}
	sort.Slice(own, func(i, j int) bool { return own[i] < own[j] })
	sort.Slice(whole, func(i, j int) bool { return whole[i] < whole[j] })
	b.ReportMetric(float64(own[len(own)/2].Microseconds()), "direct-µs")
	b.ReportMetric(float64(whole[len(whole)/2].Microseconds()), "through-µs")
	b.ReportMetric(float64((whole[len(whole)/2] - own[len(own)/2]).Microseconds()), "proxy's-own-µs")
}

func drainQuery(b *testing.B, c *pgx.Conn, sql string) time.Duration {
	start := time.Now()
	rows, err := c.Query(context.Background(), sql)
	if err != nil {
		b.Fatal(err)
	}
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// benchServer serves the table, and connects.
func benchServer(b *testing.B, source, reuse string) *pgx.Conn {
	ctx, cancel := context.WithCancel(context.Background())
	verifier, err := scram.NewVerifier("secret", []byte("0123456789abcdef"), 4096)
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "bench.yaml")
	text := fmt.Sprintf(`
listen: 127.0.0.1:0
ledger: sqlite:./state/ledger.db
rate_limits: {storage: memory://}
timing: {method: none}
datasets:
  - name: bench
    source: %s
    privacy_unit: persons.person_id
    query: {epsilon: 0.001, delta: 1e-6}
    allowed_functions: [count, avg]
    max_functions: 2
    reuse: %s
    budget: {epsilon: 1000000, delta: 1e-6, accountant: approx}
    tables:
      persons: {columns: {person_id: {}, grp: {values: [0, 1, 2]}, age: {lower: 0, upper: 110}}}
users:
  - {name: alice, password: "%s", datasets: {bench: {budget: {epsilon: 1000000, delta: 1e-6}}}}
`, source, reuse, verifier)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	c, faults := config.Load(path, os.LookupEnv)
	if c == nil {
		b.Fatalf("%v", faults)
	}
	a, err := openApp(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	l, err := listen("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, a, l, func() {}) }()
	b.Cleanup(func() {
		cancel()
		<-ended
	})
	conn, err := pgx.Connect(context.Background(), "postgres://alice:secret@"+l.Addr().String()+"/bench?sslmode=disable")
	if err != nil {
		b.Fatal(err)
	}
	return conn
}
