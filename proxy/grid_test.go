package proxy

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// In real time, on every path: whatever a query says, it says it on a multiple of the bucket, or later by what the machine
// needs. So each has a least time; a load on the machine can only add to it.
func TestNothingIsSaidBeforeItsMultiple(t *testing.T) {
	const bucket = 400 * time.Millisecond
	for _, c := range []struct {
		name     string
		lines    []string
		multiple int
	}{
		{"simple", []string{`Query "SELECT 1"`}, 1},
		{"simple, slow", []string{`Query "SELECT pg_sleep(0.45)"`}, 2},
		{"simple, error", []string{`Query "SELECT 1/0"`}, 1},
		{"simple, slow error", []string{`Query "SELECT 1/(random()*0)::int FROM pg_sleep(0.45)"`}, 2},
		{"extended", []string{`Parse "" "SELECT 1"`, `Bind "" ""`, `Execute ""`, "Sync"}, 1},
		{"extended, error", []string{`Parse "" "SELECT 1/0"`, `Bind "" ""`, `Execute ""`, "Sync"}, 1},
		{"portal in pieces", []string{`Parse "" "SELECT generate_series(1, 3) FROM pg_sleep(0.45)"`, `Bind "" ""`, `Execute "" 1`, `Execute "" 1`, "Sync"}, 2},
		{"copy", []string{`Query "COPY (SELECT 1) TO STDOUT"`}, 1},
		{"cursor", []string{`Query "BEGIN; DECLARE c CURSOR FOR SELECT 1; FETCH c; COMMIT"`}, 1},
		{"cursor with hold", []string{`Query "DECLARE c CURSOR WITH HOLD FOR SELECT pg_sleep(0.45)"`}, 2},
		{"prepare and execute", []string{`Query "PREPARE p AS SELECT 1; EXECUTE p"`}, 1},
		{"function call", []string{`FunctionCall 1`}, 1},
		{"refused when parsed", []string{`Parse "" "SELECT nothing"`, "Sync"}, 1},
		{"statement_timeout", []string{`Query "SET statement_timeout = 50; SELECT pg_sleep(10)"`}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.Timing = Timing{TimingStall, bucket} })
			client := hijack(t, srv.url(""))
			start := time.Now()
			said := client.exchange(t, step{send: c.lines})
			if took := time.Since(start); took < time.Duration(c.multiple)*bucket || took > 9*time.Second {
				t.Errorf("%v after %v, and not before %d × %v:\n%s", c.lines, took, c.multiple, bucket, said)
			}
		})
	}
}

// A cancel takes effect on a multiple, and is told on the next; the source's own limit is told on a multiple too.
func TestACancelIsToldOnTheGrid(t *testing.T) {
	const bucket = 400 * time.Millisecond
	for name, change := range map[string]func(*Config){
		"cancel":        func(*Config) {},
		"query_timeout": func(c *Config) { c.QueryTimeout = 50 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.Timing = Timing{TimingStall, bucket}; change(c) })
			conn := connect(t, srv.url(""))
			start := time.Now()
			result := make(chan error, 1)
			go func() { _, err := conn.Exec(context.Background(), "SELECT pg_sleep(10)").ReadAll(); result <- err }()
			for name == "cancel" && srv.backend.answers.Load() == 0 { // until it is asked
				runtime.Gosched()
			}
			if name == "cancel" {
				if err := conn.CancelRequest(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			err := <-result
			took := time.Since(start)
			if e, ok := err.(*pgconn.PgError); !ok || e.Code != "57014" || took < 2*bucket || took > 9*time.Second {
				t.Errorf("it gave %v after %v", err, took)
			}
		})
	}
}
