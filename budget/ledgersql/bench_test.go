package ledgersql_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/budgettest"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/privacy"
)

// query is a charge of one of many analysts on one dataset, as a small query makes it.
func query(analyst int) budget.Charge {
	key := budget.Key{Analyst: fmt.Sprintf("analyst%d", analyst), Dataset: "census"}
	b := budget.Budget{Accountant: privacy.ZCDP, Epsilon: 1000 * privacy.EpsilonUnits, Delta: privacy.DeltaUnits / 1_000_000}
	loss := privacy.Loss{Rho: 1}
	return budget.Charge{
		Analyst: budget.Account{Key: key, Budget: b}, Dataset: budget.Account{Key: budget.Key{Dataset: key.Dataset}, Budget: b},
		AnalystLoss: loss, DatasetLoss: loss,
		Entry: budget.Entry{
			SQL:  "SELECT married, count(*), avg(income) FROM pums GROUP BY married",
			Plan: "Released [married, count(*), avg(income)]\n  Bounded(unit, 1 × 1)\n    Protected(unit)\n      pums",
		},
	}
}

// chargeAll spends b.N charges from so many clients, each durable before its query would be asked, and reports how many a second.
func chargeAll(b *testing.B, s budgettest.Store, clients int, commit bool) {
	ctx := context.Background()
	l, err := s.Open(ctx, s.Fresh(b), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for client := range clients {
		wg.Go(func() {
			c := query(client)
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				r, err := l.Reserve(ctx, c)
				if err == nil && commit {
					made := budget.Release{ID: budget.ReleaseID{byte(i), byte(i >> 8), byte(i >> 16), byte(i >> 24)}, Body: make([]byte, 100)}
					err = r.Commit(ctx, []budget.Release{made}, budget.Outcome{})
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "charges/s")
	b.ReportMetric(float64(runtime.GOMAXPROCS(0)), "cores")
}

// BenchmarkReserveSQLite64 is the promise: at least 2,000 durable charges a second with 64 clients.
func BenchmarkReserveSQLite64(b *testing.B) { chargeAll(b, sqliteStore(), 64, false) }

// BenchmarkQuerySQLite64 also ends each reservation and stores a release.
func BenchmarkQuerySQLite64(b *testing.B) { chargeAll(b, sqliteStore(), 64, true) }

// BenchmarkReserveSQLite1 is the time that one client waits.
func BenchmarkReserveSQLite1(b *testing.B) { chargeAll(b, sqliteStore(), 1, false) }

// BenchmarkQuerySQLite1 has the former query's end written along with the next charge.
func BenchmarkQuerySQLite1(b *testing.B) { chargeAll(b, sqliteStore(), 1, true) }

// durablePostgres is a server that writes through to the disk.
func durablePostgres() budgettest.Store {
	s := postgresStore()
	s.Fresh = func(t testing.TB) string { return testservers.PostgresServer(t, testservers.Durable()).URL() }
	return s
}

func BenchmarkQueryPostgres64(b *testing.B) { chargeAll(b, durablePostgres(), 64, true) }
func BenchmarkQueryPostgres1(b *testing.B)  { chargeAll(b, durablePostgres(), 1, true) }

// BenchmarkFsync is the disk's own time, to compare with.
func BenchmarkFsync(b *testing.B) { syncFile(b) }

func syncFile(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	for range b.N {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReads is what a query reads before it is charged: is the analyst banned, and is the answer there already?
func BenchmarkReadsSQLite(b *testing.B)   { readAll(b, sqliteStore()) }
func BenchmarkReadsPostgres(b *testing.B) { readAll(b, durablePostgres()) }

func readAll(b *testing.B, s budgettest.Store) {
	ctx := context.Background()
	l, err := s.Open(ctx, s.Fresh(b), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	r, err := l.Reserve(ctx, query(1))
	if err == nil {
		err = r.Commit(ctx, []budget.Release{{ID: budget.ReleaseID{1}, Body: make([]byte, 1000)}}, budget.Outcome{})
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Run("disabled", func(b *testing.B) {
		for range b.N {
			if _, err := l.Disabled(ctx, "alice"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("releases", func(b *testing.B) {
		for range b.N {
			if _, err := l.Releases(ctx, query(1).Analyst.Key, []budget.ReleaseID{{1}, {2}}, time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("balance", func(b *testing.B) {
		for range b.N {
			if _, err := l.Balance(ctx, query(1).Analyst); err != nil {
				b.Fatal(err)
			}
		}
	})
}
