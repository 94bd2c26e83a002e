package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"

	"github.com/dpproxy/dpproxy/internal/testservers"
)

// resident is the memory of a process, in bytes: now, and the most it ever had.
func resident(t testing.TB, pid int) (now, most int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	read := func(key string) int64 {
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, key); ok {
				kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				return kb << 10
			}
		}
		t.Fatalf("no %s in %s", key, text)
		return 0
	}
	return read("VmRSS:"), read("VmHWM:")
}

// A million public rows, 100 MB of them, pass through in memory that does not grow with them.
func TestAMillionRowsStream(t *testing.T) {
	url := testservers.Postgres(t)
	direct, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close(context.Background())
	if _, err := direct.Exec(t.Context(), `CREATE TABLE t (id integer PRIMARY KEY, a integer);
		CREATE VIEW many AS SELECT g AS id, repeat('x', 90) AS text FROM generate_series(1, 1000000) g`); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	if err := os.WriteFile(s.config, fmt.Appendf(nil, `listen: 127.0.0.1:0
ledger: sqlite:./state/ledger.db
timing: {method: none}
datasets:
  - name: census
    source: %s
    privacy_unit: t.id
    budget: {epsilon: 10, delta: 1e-6}
    query: {epsilon: 1, delta: 1e-12}
    tables: {t: {columns: {id: {key: true}, a: {lower: 0, upper: 9}}}, many: {public: true}}
users:
  - {name: alice, password: "%s", datasets: {census: {budget: {epsilon: 10, delta: 1e-6}}}}
`, url, s.verifier), 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.child(t)
	conn, err := connect(t, c.address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	streamed(t, conn, 20_000) // 2 MB, to have what a query needs
	_, before := resident(t, c.cmd.Process.Pid)
	streamed(t, conn, 1_000_000)
	if _, after := resident(t, c.cmd.Process.Pid); after-before > 40<<20 {
		t.Errorf("a million rows took %d MB more than 20,000", (after-before)>>20)
	}
}

// BenchmarkIdleConnections opens 5,000 sessions in a process of its own, and reports what memory it has then. Each has asked
// one query.
func BenchmarkIdleConnections(b *testing.B) {
	const sessions = 5000
	limit := unix.Rlimit{}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Max < sessions+1000 {
		b.Fatalf("%d open files are allowed (%v)", limit.Max, err)
	}
	target, pid := benchChild(b, "{files: {persons: persons.csv}}", "")
	before, _ := resident(b, pid)
	var conns []*pgconn.PgConn
	defer func() {
		for _, c := range conns {
			_ = c.Conn().Close()
		}
	}()
	for b.Loop() {
		for len(conns) < sessions {
			conn, err := pgconn.Connect(context.Background(), target)
			if err != nil {
				b.Fatal(err)
			}
			conns = append(conns, conn)
			if _, err := conn.Exec(context.Background(), "SELECT 1").ReadAll(); err != nil {
				b.Fatal(err)
			}
		}
	}
	after, _ := resident(b, pid)
	b.ReportMetric(float64(after)/1e6, "MB")
	b.ReportMetric(float64(after-before)/sessions/1e3, "kB/session")
}
