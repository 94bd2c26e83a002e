package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/engine/enginetest"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

// connect opens a connection of the test's own, with the right to write.
func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t testing.TB, url string, statements ...string) {
	t.Helper()
	conn := connect(t, url)
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func open(t testing.TB, url string, o Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestSuite(t *testing.T) { enginetest.Run(t, harness(testservers.Postgres(t))) }

func BenchmarkEngine(b *testing.B) { enginetest.Benchmark(b, harness(testservers.Postgres(b))) }

// BenchmarkDirect is the yardstick: the same query on one connection, without engine or transaction.
func BenchmarkDirect(b *testing.B) {
	url := testservers.Postgres(b)
	execute(b, url, "CREATE TABLE people AS SELECT 1 AS id, 'f' AS sex, 30 AS age")
	conn := connect(b, url)
	for b.Loop() {
		rows, err := conn.Query(b.Context(), "SELECT sex, count(DISTINCT id), count(*), sum(age) FROM people GROUP BY sex ORDER BY sex")
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
		}
		if rows.Err() != nil {
			b.Fatal(rows.Err())
		}
	}
}

// harness gives each test a database of its own; watch is one to look at the server from.
func harness(watch string) enginetest.Harness {
	return enginetest.Harness{
		Schema: "public",
		Open: func(t testing.TB, setup []string, timeout time.Duration) engine.Engine {
			url := testservers.Postgres(t)
			execute(t, url, setup...)
			return open(t, url, Options{StatementTimeout: timeout})
		},
		Busy: func(t testing.TB) int {
			var n int
			conn, err := pgx.Connect(context.Background(), watch)
			if err != nil {
				t.Error(err)
				return 0
			}
			defer conn.Close(context.Background())
			err = conn.QueryRow(context.Background(),
				"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dpproxy' AND state = 'active'").Scan(&n)
			if err != nil {
				t.Error(err)
			}
			return n
		},
	}
}
