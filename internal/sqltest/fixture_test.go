package sqltest

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

	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

const root = "../../testdata/sql"

// rng is a small fixed generator, so that a fixture is the same on every machine.
type rng uint64

func (r *rng) next(n int) int {
	*r = *r*6364136223846793005 + 1442695040888963407
	return int(uint64(*r>>33) % uint64(n))
}

func (r *rng) pick(values ...string) string { return values[r.next(len(values))] }

// source is one database with the fixture's tables and rows.
type source struct {
	name string
	url  string // as the configuration has it
	db   *sql.DB
}

func (s *source) exec(t testing.TB, text string) {
	t.Helper()
	if _, err := s.db.Exec(text); err != nil {
		t.Fatalf("%s: %v\n%.300s", s.name, err, text)
	}
}

// newSources makes the fixture in a fresh PostgreSQL database and a fresh DuckDB file.
func newSources(t testing.TB, rows string) []*source {
	t.Helper()
	ddl, err := os.ReadFile(filepath.Join(root, "fixtures/clinic.sql"))
	if err != nil {
		t.Fatal(err)
	}
	pgURL := testservers.Postgres(t)
	pg, err := sql.Open("pgx", pgURL)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "clinic.duckdb")
	duck, err := sql.Open("duckdb", path)
	if err != nil {
		t.Fatal(err)
	}
	duck.SetMaxOpenConns(1)
	out := []*source{{"postgres", pgURL, pg}, {"duckdb", "duckdb:" + path, duck}}
	for _, s := range out {
		s.exec(t, string(ddl))
		s.exec(t, rows)
		t.Cleanup(func() { s.db.Close() })
	}
	return out
}

// load opens the data set over a source, as `dpproxy serve` does. DuckDB allows one process-wide writer, so the raw handle
// is closed first where the engine must open the file.
func load(t testing.TB, s *source, changes ...string) (*config.Config, *datasets.Loaded) {
	t.Helper()
	if s.name == "duckdb" {
		s.db.Close()
	}
	text, err := os.ReadFile(filepath.Join(root, "fixtures/clinic.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(changes); i += 2 {
		text = []byte(strings.ReplaceAll(string(text), changes[i], changes[i+1]))
	}
	path := filepath.Join(t.TempDir(), "clinic.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) { return s.url, name == "SOURCE" }
	cfg, faults := config.Load(path, env)
	if cfg == nil {
		t.Fatalf("configuration: %v", faults)
	}
	all, faults := datasets.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 1 {
		t.Fatalf("data set: %v", faults)
	}
	t.Cleanup(func() { all[0].Engine.Close() })
	return cfg, all[0]
}

const (
	units       = 24
	departments = 5
)

// cleanRows lie within the declared bounds; no unit has more than 10 rows in a table.
func cleanRows() string {
	r := rng(7)
	var p, v, it []string
	visit, item := 0, 0
	for u := 1; u <= units; u++ {
		p = append(p, fmt.Sprintf("(%d,'%s',%d,%s,%d.%d,%d.%02d,%s,DATE '%d-%02d-%02d',%d,%d.5)", u, r.pick("f", "m"), 18+r.next(70),
			r.pick("'north'", "'south'", "'east'", "NULL"), r.next(200000), 25*r.next(4), 140+r.next(60), r.next(100),
			r.pick("TRUE", "FALSE", "NULL"), 1930+r.next(80), 1+r.next(12), 1+r.next(28), r.next(5), r.next(9)-4))
		for n := r.next(6); n > 0; n-- {
			visit++
			day := fmt.Sprintf("%d-%02d-%02d", 2020+r.next(4), 1+r.next(12), 1+r.next(28))
			v = append(v, fmt.Sprintf("(%d,%d,%d,DATE '%s',TIMESTAMP '%s %02d:%02d:00',%d.%02d,%s,%s,%s,%d)", visit, u, 1+r.next(departments), day, day, r.next(24), r.next(60),
				r.next(4999), r.next(100), r.pick("0", "1", "3", "14", "NULL"), r.pick("TRUE", "FALSE"), r.pick("'routine check'", "'Emergency'", "'follow-up'", "NULL"), r.next(1000)))
			for k := r.next(3); k > 0; k-- {
				item++
				it = append(it, fmt.Sprintf("(%d,%d,'%s',%d,%d.25)", item, visit, r.pick("aspirin", "ibuprofen", "morphine"), 1+r.next(20), r.next(150)-40))
			}
		}
	}
	return insert("patients", p) + insert("visits", v) + insert("items", it) + departmentRows()
}

func departmentRows() string {
	var d []string
	for i := 1; i <= departments; i++ {
		d = append(d, fmt.Sprintf("(%d,'dept %d',%d)", i, i, i%3))
	}
	return insert("departments", d) + districtRows()
}

// districtRows are of a public table with keys of every type. Nobody lives in two of them; two share a zone, and a title is NULL.
func districtRows() string {
	return insert("districts", []string{
		`('north','The "North"',1,12.50,0.1,DATE '1999-12-31',TIMESTAMP '2001-02-03 04:05:06.789','2001-02-03 04:05:06.5+00','7f3a1c52-0f9b-4c0e-9a55-0d2f8b6f0001',TRUE,9223372036854775807)`,
		`('south','Ünter''n Süden',1,0.00,2.5,DATE '2000-02-29',TIMESTAMP '2001-02-03 00:00:00','2010-06-01 00:00:00+00','7f3a1c52-0f9b-4c0e-9a55-0d2f8b6f0002',FALSE,-5)`,
		`('east',NULL,2,100.10,1e-7,DATE '2020-01-01',TIMESTAMP '1969-12-31 23:59:59.999999','1999-01-01 12:00:00+00','7f3a1c52-0f9b-4c0e-9a55-0d2f8b6f0003',NULL,0)`,
		`('west','',3,NULL,NULL,NULL,NULL,NULL,NULL,FALSE,NULL)`,
		`('far','Far, far away',-7,99999.99,3,DATE '1000-01-01',TIMESTAMP '9999-12-31 00:00:00','1970-01-01 00:00:00+00','7f3a1c52-0f9b-4c0e-9a55-0d2f8b6f0005',TRUE,12)`,
	})
}

// wildRows hold what a hostile or careless table can hold.
func wildRows() string {
	r := rng(11)
	wildInt := []string{"0", "1", "17", "110", "111", "-1", "2147483647", "-2147483648", "NULL", "42", "60"}
	wildFloat := []string{"0", "1e308", "-1e308", "'NaN'", "'Infinity'", "'-Infinity'", "250000", "250000.01", "-0.0", "NULL", "1e-308", "12345.678"}
	wildNumeric := []string{"0", "99999.99", "-99999.99", "5000", "NULL", "0.01", "123.45"}
	wildText := []string{"''", "'f'", "'m'", "'x'", "NULL", "'north'", "'1'", "'abc'", "'9999999999999999999999'", "'2020-13-45'", "'ÄÖ中'", "'%_\\'"}
	wildDate := []string{"DATE '0001-01-01'", "DATE '9999-12-31'", "DATE '2020-02-29'", "NULL", "DATE '1969-12-31'", "DATE '2022-06-15'"}
	var p, v, it []string
	visit, item := 0, 0
	for u := 1; u <= units; u++ {
		id := u
		if u == units {
			id = -2147483648
		}
		p = append(p, fmt.Sprintf("(%d,%s,%s,%s,%s,%s,%s,%s,%s,%s)", id, r.pick(wildText...), r.pick(wildInt...), r.pick(wildText...), r.pick(wildFloat...),
			r.pick("0", "999.99", "-999.99", "250", "NULL", "170.5"), r.pick("TRUE", "FALSE", "NULL"), r.pick(wildDate...),
			r.pick("0", "32767", "-32768", "NULL", "2"), r.pick("0", "3e38", "-3e38", "'NaN'", "'Infinity'", "NULL", "1.5")))
		many := r.next(5)
		if u%7 == 0 {
			many = 14
		}
		for n := many; n > 0; n-- {
			visit++
			owner := fmt.Sprint(id)
			if visit%17 == 0 {
				owner = "NULL"
			}
			v = append(v, fmt.Sprintf("(%d,%s,%s,%s,%s,%s,%s,%s,%s,%s)", visit, owner, r.pick("1", "2", "3", "4", "5", "99", "NULL"), r.pick(wildDate...),
				r.pick("NULL", "TIMESTAMP '2021-05-05 10:00:00'", "TIMESTAMP '0001-01-01 00:00:00'", "TIMESTAMP '9999-12-31 23:59:59'"),
				r.pick(wildNumeric...), r.pick(wildInt...), r.pick("TRUE", "FALSE", "NULL"), r.pick(wildText...), r.pick("0", "9223372036854775807", "-9223372036854775808", "NULL", "5")))
			for k := r.next(4); k > 0; k-- {
				item++
				of := fmt.Sprint(visit)
				if item%13 == 0 {
					of = r.pick("NULL", "777777")
				}
				it = append(it, fmt.Sprintf("(%d,%s,%s,%s,%s)", item, of, r.pick("'aspirin'", "'morphine'", "'heroin'", "NULL"), r.pick(wildInt...), r.pick(wildFloat...)))
			}
		}
	}
	return insert("patients", p) + insert("visits", v) + insert("items", it) + departmentRows()
}

func insert(table string, rows []string) string {
	return "INSERT INTO " + table + " VALUES " + strings.Join(rows, ",\n") + ";\n"
}
