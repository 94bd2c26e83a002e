package testservers

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var s string
	if err := conn.QueryRow(t.Context(), sql).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPostgresDatabasesAreFreshAndApart(t *testing.T) {
	a, b := Postgres(t), Postgres(t)
	if a == b {
		t.Fatal("two tests would share a database")
	}
	if err := execute(a, "CREATE TABLE t()"); err != nil {
		t.Fatal(err)
	}
	if got := query(t, b, "SELECT count(*)::text FROM pg_class WHERE relname = 't'"); got != "0" {
		t.Errorf("a table of one database is seen in the other %s times", got)
	}
}

func TestPostgresServerKeepsItsDataOverACrash(t *testing.T) {
	s := PostgresServer(t, Durable(), Setting("max_connections=17"))
	if got := query(t, s.URL(), "SHOW max_connections") + query(t, s.URL(), "SHOW fsync"); got != "17on" {
		t.Errorf("settings are %q, want 17on", got)
	}
	if err := execute(s.URL(), "CREATE TABLE kept AS SELECT 1"); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func(){s.Crash, s.Stop} {
		end()
		if err := pingPostgres(t.Context(), s.URL()); err == nil {
			t.Fatal("a stopped server answers")
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		if got := query(t, s.URL(), "SELECT count(*)::text FROM kept"); got != "1" {
			t.Errorf("table holds %s rows after a restart, want 1", got)
		}
	}
}

func TestRedis(t *testing.T) {
	a, b := Redis(t), Redis(t)
	if a == b || !strings.HasPrefix(a, "redis://127.0.0.1:") && os.Getenv(redisVariable) == "" {
		t.Fatalf("databases %s and %s", a, b)
	}
	s := RedisServer(t)
	host := strings.TrimPrefix(s.URL(), "redis://")
	if got, err := redisSay(t.Context(), host, "PING"); err != nil || got[0] != "+PONG" {
		t.Fatalf("answer %v, %v", got, err)
	}
	s.Stop()
	if _, err := redisSay(t.Context(), host, "PING"); err == nil {
		t.Fatal("a stopped server answers")
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := redisSay(t.Context(), host, "PING"); err != nil {
		t.Fatal(err)
	}
}

// TestServersEndWithTheProcess runs this test binary as a child that starts both servers and is then killed, and waits
// until their directories are gone.
func TestServersEndWithTheProcess(t *testing.T) {
	const child = "TESTSERVERS_CHILD"
	if os.Getenv(child) != "" {
		s, r := PostgresServer(t), RedisServer(t)
		if err := os.WriteFile(os.Getenv(child), []byte(s.dir+"\n"+r.dir+"\n"+s.URL()), 0o600); err != nil {
			t.Fatal(err)
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		_ = self.Kill()
		select {}
	}
	file := t.TempDir() + "/started"
	cmd := exec.Command(os.Args[0], "-test.run=^TestServersEndWithTheProcess$")
	cmd.Env = append(os.Environ(), child+"="+file)
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("the child was not killed: %s", out)
	}
	started, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(started), "\n")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		_, pg := os.Stat(lines[0])
		_, redis := os.Stat(lines[1])
		if os.IsNotExist(pg) && os.IsNotExist(redis) {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("a server outlived its test process")
		case <-tick.C:
		}
	}
	if err := pingPostgres(t.Context(), lines[2]); err == nil {
		t.Error("PostgreSQL outlived its test process")
	}
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	s := RedisServer(t)
	s.Stop()
	s.command = append(s.command, "--no-such-setting", "1")
	err := s.Start()
	if err == nil || !strings.Contains(err.Error(), "no-such-setting") {
		t.Errorf("error is %v, want the server's own words", err)
	}
}
