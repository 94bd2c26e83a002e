package sqltest

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite"
)

const benchConfig = `
listen: 127.0.0.1:0
ledger: sqlite:./ledger.db
datasets:
  - name: bench
    source: ${SOURCE}
    privacy_unit: persons.person_id
    query: {epsilon: 1, delta: 1e-6}
    allowed_functions: [count, sum, avg]
    max_functions: 5
    budget: {epsilon: 1, delta: 1e-6, accountant: approx}
    tables:
      persons:
        columns: {person_id: {}, grp: {}, age: {lower: 0, upper: 110}, income: {lower: 0, upper: 250000}}
      visits:
        unit: person_id -> persons.person_id
        columns: {person_id: {}, grp: {}, days: {lower: 0, upper: 60}}
users: []
`

// BenchmarkRewritten compares, side by side in one run, the SQL that is sent with the analyst's own, on PostgreSQL with
// 4 million rows and 30 groups (200,000 units in visits): the ratios are what counts. DPPROXY_BENCH_ROWS makes it smaller.
func BenchmarkRewritten(b *testing.B) {
	rows := 4_000_000
	if n, err := strconv.Atoi(os.Getenv("DPPROXY_BENCH_ROWS")); err == nil {
		rows = n
	}
	s := &source{name: "postgres", url: testservers.Postgres(b)}
	var err error
	if s.db, err = sql.Open("pgx", s.url); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.db.Close() })
	n := strconv.Itoa(rows)
	for _, q := range []string{
		"CREATE TABLE persons (person_id integer PRIMARY KEY, grp integer NOT NULL, age integer, income double precision)",
		"INSERT INTO persons SELECT i, i % 30, (i * 7919::bigint) % 100, (i * 104729::bigint) % 250000 FROM generate_series(1, " + n + ") i",
		"CREATE TABLE visits (person_id integer NOT NULL, grp integer, days integer)",
		"INSERT INTO visits SELECT (i * 2654435761::bigint) % (" + n + " / 20), abs(hashint4(i)) % 30, i % 60 FROM generate_series(1, " + n + ") i",
		"VACUUM ANALYZE",
	} {
		s.exec(b, q)
	}
	ds := benchDataset(b, s)
	for _, c := range []struct {
		name, sql, against string
		bounds             privacy.Contribution
	}{
		{"one row a unit, integers", "SELECT grp, count(*), avg(age) FROM persons GROUP BY grp", "", tight},
		{"one row a unit, floats", "SELECT grp, count(*), avg(income) FROM persons GROUP BY grp", "", tight},
		{"20 rows a unit, 3 groups", "SELECT grp, count(*), sum(days) FROM visits GROUP BY grp", "", privacy.Contribution{Groups: 3, Rows: 2}},
		{"20 rows a unit, no key", "SELECT count(*), sum(days) FROM visits", "", privacy.Contribution{Groups: 1, Rows: 10}},
		{"20 rows a unit, 10 rows in all", "SELECT grp, count(*), sum(days) FROM visits GROUP BY grp",
			"SELECT grp, count(*), sum(days) FROM (SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY random()) AS rn FROM visits) x WHERE rn <= 10 GROUP BY grp",
			privacy.Contribution{Groups: 10, Rows: 1, UnitRows: 10}},
	} {
		b.Run(c.name, func(b *testing.B) {
			st, err := parseOne(c.sql)
			if err != nil {
				b.Fatal(err)
			}
			plan, err := rewrite.NewPlanner(1).Plan(st, ds.Catalog, settings(c.bounds), nil)
			if err != nil {
				b.Fatal(err)
			}
			var own, ours, theirs []time.Duration
			for b.Loop() {
				own = append(own, timed(b, s.db, c.sql))
				ours = append(ours, timed(b, s.db, plan.Blocks[0].SQL, args(&plan.Blocks[0])...))
				if c.against != "" {
					theirs = append(theirs, timed(b, s.db, c.against))
				}
			}
			b.ReportMetric(float64(median(ours))/float64(median(own)), "×own")
			b.ReportMetric(float64(median(own).Microseconds())/1000, "own-ms")
			if theirs != nil {
				b.ReportMetric(float64(median(ours))/float64(median(theirs)), "×random-order")
			}
		})
	}
}

func benchDataset(b *testing.B, s *source) *datasets.Loaded {
	path := filepath.Join(b.TempDir(), "bench.yaml")
	if err := os.WriteFile(path, []byte(benchConfig), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg, faults := config.Load(path, func(string) (string, bool) { return s.url, true })
	if cfg == nil {
		b.Fatalf("%v", faults)
	}
	all, faults := datasets.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 1 {
		b.Fatalf("%v", faults)
	}
	b.Cleanup(func() { all[0].Engine.Close() })
	return all[0]
}

func args(m *rewrite.Measurement) []any {
	if m.Salted {
		return []any{int64(42)}
	}
	return nil
}

func timed(b *testing.B, db *sql.DB, text string, args ...any) time.Duration {
	start := time.Now()
	rows, err := db.Query(text, args...)
	if err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	rows.Close()
	return time.Since(start)
}

func median(d []time.Duration) time.Duration {
	sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
	return d[len(d)/2]
}
