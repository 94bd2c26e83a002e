package duckdb

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/engine/enginetest"
)

// create makes a database file.
func create(t testing.TB, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source.duckdb")
	db, err := openDatabase(path, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.close()
	c, err := db.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.release(true)
	for _, sql := range statements {
		if err := c.execute(sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return path
}

func open(t testing.TB, s Source, o Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestSuite(t *testing.T) { enginetest.Run(t, harness()) }

func BenchmarkEngine(b *testing.B) { enginetest.Benchmark(b, harness()) }

func harness() enginetest.Harness {
	var engines []*Engine
	return enginetest.Harness{
		Schema: "main",
		Open: func(t testing.TB, setup []string, timeout time.Duration) engine.Engine {
			e := open(t, Source{Path: create(t, setup...)}, Options{StatementTimeout: timeout})
			engines = append(engines, e)
			return e
		},
		Busy: func(testing.TB) int {
			n := 0
			for _, e := range engines {
				e.db.mu.Lock()
				if !e.db.closed {
					n += len(e.db.slots)
				}
				e.db.mu.Unlock()
			}
			return n
		},
	}
}
