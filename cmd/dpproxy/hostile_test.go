package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/internal/hostile"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Every construct that can be chained or nested, as long as a message may be and as the limits let through, goes through
// parser, planner, catalogs and engine of a real process. It is answered or refused, and the process lives.
func TestNoStatementEndsTheProcess(t *testing.T) {
	t.Run("files", func(t *testing.T) { hostileStatements(t, "{files: {t: t.csv}}") })
	t.Run("postgres", func(t *testing.T) {
		url := testservers.Postgres(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(t.Context(), "CREATE TABLE t (id integer PRIMARY KEY, a integer); INSERT INTO t VALUES (1, 2)"); err != nil {
			t.Fatal(err)
		}
		hostileStatements(t, url)
	})
}

func hostileStatements(t *testing.T, source string) {
	s := newSite(t)
	text := fmt.Sprintf(`listen: 127.0.0.1:0
ledger: sqlite:./state/ledger.db
timing: {method: none}
query_timeout: 20s
datasets:
  - name: census
    source: %s
    privacy_unit: t.id
    query: {epsilon: 0.001, max_epsilon: 2, delta: 1e-12}
    budget: {epsilon: 1000, delta: 1e-6}
    tables: {t: {columns: {id: {key: true}, a: {lower: 0, upper: 9}}}, p: {public: true, source: t}}
users:
  - name: alice
    password: %s
    datasets: {census: {budget: {epsilon: 1000, delta: 1e-6}}}
`, source, s.verifier)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(s.config, "dpproxy.yaml")+"t.csv", []byte("id,a\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.child(t)
	var conn *pgx.Conn
	for _, made := range hostile.Constructs() {
		for _, table := range []string{"t", "p"} {
			made := onTable(made, table)
			for _, n := range []int{syntax.MaxChain - 50, syntax.MaxChain/2 - 50, syntax.MaxDepth - 10} {
				if conn == nil || conn.IsClosed() {
					var err error
					if conn, err = connect(t, c.address, "alice", "secret"); err != nil {
						t.Fatalf("%s × %d: the process does not answer any more: %v\n%s", made.Name, n, err, c.log)
					}
				}
				if len(made.SQL(n)) > syntax.MaxBytes {
					continue
				}
				_, err := conn.PgConn().Exec(t.Context(), made.SQL(n)).ReadAll()
				if state := sqlState(err); err != nil && len(state) != 5 {
					t.Errorf("%s × %d over %s: %v\n%s", made.Name, n, table, err, c.log)
				}
			}
			if table == "t" && made.SQL(2) == onTable(made, "p").SQL(2) {
				break // it reads no table
			}
		}
	}
	if !c.alive() {
		t.Fatalf("the process has ended\n%s", c.log)
	}
	if strings.Contains(c.log.String(), "panic") {
		t.Errorf("the log tells of a panic:\n%s", c.log)
	}
}

// onTable reads another table than t.
func onTable(c hostile.Construct, table string) hostile.Construct {
	r := strings.NewReplacer(" t ", " "+table+" ", " t,", " "+table+",", "(t ", "("+table+" ")
	all := func(s string) string { return strings.TrimSuffix(r.Replace(s+" "), " ") }
	c.Head, c.Middle, c.Tail = all(c.Head), all(c.Middle), all(c.Tail)
	c.Open, c.Close = all(c.Open), all(c.Close)
	return c
}
