package audit

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// people and orders: 40 people, of whom number 1 has very many orders in many places, and one place alone.
func rows() string {
	var p, o []string
	for i := 1; i <= 40; i++ {
		p = append(p, fmt.Sprintf("(%d, '%s', %d)", i, []string{"f", "m"}[i%2], 20+i%60))
		for k := range i % 4 {
			o = append(o, fmt.Sprintf("(%d, %d, 'p%d', %d.5)", len(o)+1, i, (i+k)%3, 10*k))
		}
	}
	for k := range 30 {
		o = append(o, fmt.Sprintf("(%d, 1, '%s', 950)", len(o)+1, []string{"p0", "p1", "p2", "own"}[k%4]))
	}
	for range 40 {
		o = append(o, fmt.Sprintf("(%d, NULL, 'p0', 50)", len(o)+1))
	}
	return `CREATE TABLE people (id integer PRIMARY KEY, sex text, age integer);
CREATE TABLE orders (order_id integer PRIMARY KEY, person_id integer, place text, cost double precision);
INSERT INTO people VALUES ` + strings.Join(p, ", ") + `; INSERT INTO orders VALUES ` + strings.Join(o, ", ")
}

const declaration = `listen: 127.0.0.1:0
ledger: sqlite:./ledger.db
datasets:
  - name: shop
    source: ${SOURCE}
    privacy_unit: people.id
    version: 1
    query: {epsilon: 1, max_epsilon: 10, delta: DELTA, max_groups: 2, max_rows: 2}
    allowed_functions: all
    max_functions: 10
    budget: {epsilon: 1, delta: 1e-2, refresh: never, accountant: ACCOUNTANT}
    tables:
      people:
        columns: {id: {}, sex: {values: [f, m]}, age: {lower: 0, upper: 100}}
      orders:
        unit: person_id -> people.id
        columns: {order_id: {}, person_id: {}, place: {}, cost: {lower: 0, upper: 100}}
`

// open serves the fixture from one of the engines.
func open(t testing.TB, kind, accountant string) Options {
	return openWith(t, kind, accountant, "1e-3")
}

// openWith is open, with a δ of each query; the budgets allow it many times.
func openWith(t testing.TB, kind, accountant, delta string) Options {
	t.Helper()
	dir := t.TempDir()
	url := filepath.Join(dir, "shop.duckdb")
	driver, source := "duckdb", "duckdb:"+url
	if kind == "postgres" {
		url = testservers.Postgres(t)
		driver, source = "pgx", url
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(rows()); err != nil {
		t.Fatal(err)
	}
	db.Close()
	path := filepath.Join(dir, "shop.yaml")
	if err := os.WriteFile(path, []byte(strings.NewReplacer("ACCOUNTANT", accountant, "DELTA", delta).Replace(declaration)), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, faults := config.Load(path, func(name string) (string, bool) { return source, name == "SOURCE" })
	if cfg == nil {
		t.Fatal(faults)
	}
	all, faults := datasets.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 1 {
		t.Fatal(faults)
	}
	t.Cleanup(func() { all[0].Engine.Close() })
	return Options{Dataset: &answer.Dataset{Catalog: all[0].Catalog, Engine: all[0].Engine, Budget: all[0].Config.Budget},
		Planner: rewrite.NewPlanner(100), Random: mechanism.NewCryptoSource()}
}
