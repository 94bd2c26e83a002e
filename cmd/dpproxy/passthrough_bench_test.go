package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/proxy/scram"
)

// BenchmarkPassThrough compares a look-up in a public table through the proxy with the same through PgBouncer in session
// mode, in front of the same PostgreSQL, in turn, as pgbench -S asks: 1, 8 and 64 connections, simple and prepared. The
// proxy is a process of its own, as PgBouncer is. It reports medians, the medians of the rounds' ratios proxy : PgBouncer, and the
// time that each process had a core for one query, which other work on the machine hardly moves.
func BenchmarkPassThrough(b *testing.B) {
	source := testservers.Postgres(b)
	direct, err := pgx.Connect(context.Background(), source)
	if err != nil {
		b.Fatal(err)
	}
	defer direct.Close(context.Background())
	for _, q := range []string{"CREATE TABLE accounts (aid integer PRIMARY KEY, bid integer NOT NULL, abalance integer NOT NULL)",
		"INSERT INTO accounts SELECT i, 1, 0 FROM generate_series(1, 100000) i", "CREATE TABLE persons (person_id integer PRIMARY KEY)", "VACUUM ANALYZE accounts"} {
		if _, err := direct.Exec(context.Background(), q); err != nil {
			b.Fatal(err)
		}
	}
	bouncer, bouncerPID := startPgBouncer(b, source)
	through, proxyPID := benchChild(b, source, `
      accounts: {public: true}`)
	for _, protocol := range []string{"simple", "prepared"} {
		for _, clients := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", protocol, clients), func(b *testing.B) {
				theirs, ours := dial(b, bouncer, protocol, clients), dial(b, through, protocol, clients)
				const round = 200 * time.Millisecond
				a, c := series{pid: bouncerPID}, series{pid: proxyPID}
				lookUps(b, theirs, round)
				lookUps(b, ours, round)
				for b.Loop() {
					a.round(b, theirs, round)
					c.round(b, ours, round)
				}
				b.ReportMetric(middle(a.medians), "bouncer-µs")
				b.ReportMetric(middle(c.medians), "proxy-µs")
				b.ReportMetric(ratio(c.medians, a.medians), "latency-ratio")
				b.ReportMetric(middle(a.rates), "bouncer/s")
				b.ReportMetric(middle(c.rates), "proxy/s")
				b.ReportMetric(ratio(c.rates, a.rates), "throughput-ratio")
				b.ReportMetric(a.used/a.queries*1e6, "bouncer-cpu-µs")
				b.ReportMetric(c.used/c.queries*1e6, "proxy-cpu-µs")
			})
		}
	}
}

// BenchmarkStream reads a million public rows of 100 bytes through the proxy and through PgBouncer, in turn. It reports how
// long each takes, the median of the ratios, and by how much the proxy's memory grew above what 20,000 rows take.
func BenchmarkStream(b *testing.B) {
	source := testservers.Postgres(b)
	direct, err := pgx.Connect(context.Background(), source)
	if err != nil {
		b.Fatal(err)
	}
	defer direct.Close(context.Background())
	for _, q := range []string{"CREATE TABLE persons (person_id integer PRIMARY KEY)",
		"CREATE TABLE many AS SELECT g AS id, repeat('x', 90) AS text FROM generate_series(1, 1000000) g", "VACUUM ANALYZE many"} {
		if _, err := direct.Exec(context.Background(), q); err != nil {
			b.Fatal(err)
		}
	}
	bouncer, _ := startPgBouncer(b, source)
	through, pid := benchChild(b, source, `
      many: {public: true}`)
	theirs, ours := dial(b, bouncer, "simple", 1)[0], dial(b, through, "simple", 1)[0]
	streamed(b, theirs, 20_000)
	streamed(b, ours, 20_000)
	_, before := resident(b, pid)
	var a, c []float64
	for b.Loop() {
		a = append(a, streamed(b, theirs, 1_000_000))
		c = append(c, streamed(b, ours, 1_000_000))
	}
	_, after := resident(b, pid)
	b.ReportMetric(middle(a), "bouncer-s")
	b.ReportMetric(middle(c), "proxy-s")
	b.ReportMetric(ratio(c, a), "time-ratio")
	b.ReportMetric(float64(after-before)/(1<<20), "MB-more")
}

// streamed reads rows of the table many, and says how many seconds that takes.
func streamed(b testing.TB, conn *pgx.Conn, limit int) float64 {
	b.Helper()
	begin, rows := time.Now(), 0
	reader := conn.PgConn().Exec(context.Background(), fmt.Sprintf("SELECT id, text FROM many LIMIT %d", limit))
	for reader.NextResult() {
		for r := reader.ResultReader(); r.NextRow(); {
			rows++
		}
	}
	if err := reader.Close(); err != nil || rows != limit {
		b.Fatalf("%d rows of %d, %v", rows, limit, err)
	}
	return time.Since(begin).Seconds()
}

// series is what the rounds of one target gave.
type series struct {
	pid            int
	medians, rates []float64
	used, queries  float64 // seconds of a core, and for how many queries
}

func (s *series) round(b *testing.B, conns []*pgx.Conn, d time.Duration) {
	before := coreSeconds(b, s.pid)
	median, rate := lookUps(b, conns, d)
	s.used += coreSeconds(b, s.pid) - before
	s.queries += rate * d.Seconds()
	s.medians, s.rates = append(s.medians, median), append(s.rates, rate)
}

// ratio is the median of the rounds' ratios.
func ratio(ours, theirs []float64) float64 {
	out := make([]float64, len(ours))
	for i := range ours {
		out[i] = ours[i] / theirs[i]
	}
	return middle(out)
}

// coreSeconds is how long a process has had a core, in itself and in the kernel.
func coreSeconds(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	const tick = 100 // a second: USER_HZ
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err1 := strconv.ParseFloat(fields[11], 64)
	kernel, err2 := strconv.ParseFloat(fields[12], 64)
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	return (user + kernel) / tick
}

func middle(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

func dial(b *testing.B, target, protocol string, n int) []*pgx.Conn {
	b.Helper()
	mode := map[string]pgx.QueryExecMode{"simple": pgx.QueryExecModeSimpleProtocol, "prepared": pgx.QueryExecModeCacheStatement}[protocol]
	conns := make([]*pgx.Conn, n)
	for i := range conns {
		c, err := pgx.ParseConfig(target)
		if err != nil {
			b.Fatal(err)
		}
		c.DefaultQueryExecMode = mode
		if conns[i], err = pgx.ConnectConfig(context.Background(), c); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conns[i].Close(context.Background()) })
	}
	return conns
}

// lookUps asks for a while on all connections at once: the median latency in µs, and queries a second.
func lookUps(b *testing.B, conns []*pgx.Conn, d time.Duration) (median, rate float64) {
	var mu sync.Mutex
	var all []float64
	var wg sync.WaitGroup
	begin := time.Now()
	for i, conn := range conns {
		wg.Go(func() {
			var took []float64
			for k := i * 7919; time.Since(begin) < d; k++ {
				var balance int
				start := time.Now()
				if err := conn.QueryRow(context.Background(), "SELECT abalance FROM accounts WHERE aid = $1", k%100_000+1).Scan(&balance); err != nil {
					b.Error(err)
					return
				}
				took = append(took, float64(time.Since(start).Nanoseconds())/1e3)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		})
	}
	wg.Wait()
	if len(all) == 0 {
		b.Fatal("nothing was answered")
	}
	return middle(all), float64(len(all)) / time.Since(begin).Seconds()
}

// startPgBouncer starts one in session mode, and returns where clients connect, and its PID.
func startPgBouncer(b *testing.B, source string) (target string, pid int) {
	b.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		b.Fatal("pgbouncer is needed for the comparison: apt-get install pgbouncer")
	}
	u, err := url.Parse(source)
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := b.TempDir()
	password, _ := u.User.Password()
	file := filepath.Join(dir, "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
bench = host=%s port=%s dbname=%s user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = session
default_pool_size = 90
max_client_conn = 200
`, u.Hostname(), u.Port(), strings.TrimPrefix(u.Path, "/"), u.User.Username(), password, port)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	for d := dir; d != "/tmp" && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			b.Fatal(err)
		}
	}
	args := []string{"-q", file}
	if os.Getuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...)
	}
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	target = "postgres://any@127.0.0.1:" + strconv.Itoa(port) + "/bench?sslmode=disable"
	await(b, target)
	return target, cmd.Process.Pid
}

// await waits until a server takes clients.
func await(b testing.TB, target string) {
	b.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := pgx.Connect(context.Background(), target)
		if err == nil {
			conn.Close(context.Background())
			return
		}
		if time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
}

// benchChild serves a source in a process of its own, with further tables, and returns where clients connect, and its PID.
func benchChild(b *testing.B, source, tables string) (target string, pid int) {
	b.Helper()
	verifier, err := scram.NewVerifier("secret", []byte("0123456789abcdef"), 4096)
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	file := filepath.Join(b.TempDir(), "bench.yaml")
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "persons.csv"), []byte("person_id\n1\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	text := fmt.Sprintf(`
listen: %s
ledger: sqlite:./state/ledger.db
timing: {method: none}
max_client_conn: 6000
max_db_connections: 90
log: {level: error}
datasets:
  - name: bench
    source: %s
    privacy_unit: persons.person_id
    query: {epsilon: 0.001, delta: 1e-6}
    budget: {epsilon: 1000000, delta: 1e-6, accountant: approx}
    tables:
      persons: {columns: {person_id: {key: true}}}%s
users:
  - {name: alice, password: "%s", datasets: {bench: {budget: {epsilon: 1000000, delta: 1e-6}}}}
`, address, source, tables, verifier)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "serve", "--config", file)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	target = "postgres://alice:secret@" + address + "/bench?sslmode=disable"
	await(b, target)
	return target, cmd.Process.Pid
}
