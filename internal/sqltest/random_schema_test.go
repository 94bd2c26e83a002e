package sqltest

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

// world is a random data set: declared tables, their wild rows, and for each unit a copy of everything without it.
//
//	persons   one row a unit, or several where uid is no key
//	events    uid -> persons.uid, or uid where that is no key
//	lines     event_id -> events.event_id, two steps away from the unit
//	notes     owner, in the same way; no key
//	places    public, with a key
//	codes     public, with repeated rows
type world struct {
	r      *rand.Rand
	tables []*randomTable
	units  []string // literals of all units that occur
	unit   string   // type of the unit: integer, bigint or text
	rowOf  map[string][]string
}

type randomTable struct {
	name    string
	keys    []randomColumn // structural: ids and references
	columns []randomColumn
	public  bool
	primary string // column, or ""
	path    string // as the configuration has it
	rows    []randomRow
}

type randomColumn struct {
	name, typ, family string
	notNull           bool
	declared          string // what the configuration says, e.g. "{lower: 0, upper: 9}"
}

// randomRow is a row's literals; unit is the literal of the unit that owns it, "" for nobody.
type randomRow struct {
	values []string
	unit   string
}

const null = "NULL"

// columnKinds are the types of random columns: a type, its family in expressions, its wild values, and declarations.
func columnKinds() []randomKind {
	whole := []string{"0", "1", "2", "5", "17", "-1", "100", null}
	return []randomKind{
		{"smallint", "int", append(whole, "32767", "-32768"), []string{"{lower: 0, upper: 12}", "{lower: -3, upper: 40}", "{}", "{values: [0, 1, 2, 5]}"}},
		{"integer", "int", append(whole, "2147483647", "-2147483648"), []string{"{lower: 0, upper: 110}", "{lower: -20, upper: 20}", "{lower: 5, upper: 6}", "{}", "{values: [1, 2, 5, 17]}"}},
		{"bigint", "int", append(whole, "9223372036854775807", "-9223372036854775808", "9007199254740993"), []string{"{lower: 0, upper: 1000}", "{lower: -1000000, upper: 1000000}", "{}"}},
		{"numeric(8,2)", "num", []string{"0", "999999.99", "-999999.99", "0.01", "12.34", "-7.5", null}, []string{"{lower: 0, upper: 500}", "{lower: -10.5, upper: 10.5}", "{}"}},
		{"double precision", "real", []string{"0", "1e308", "-1e308", "'NaN'", "'Infinity'", "'-Infinity'", "-0.0", "5e-324", "2.5", "-3.75", "100", null}, []string{"{lower: 0, upper: 100}", "{lower: -1.5, upper: 2.25}", "{lower: 0, upper: 1000000}", "{}"}},
		{"real", "real", []string{"0", "3e38", "-3e38", "'NaN'", "'Infinity'", "1.5", "-2", null}, []string{"{lower: 0, upper: 10}", "{lower: -5, upper: 5}", "{}"}},
		{"text", "text", []string{"''", "'a'", "'b'", "'c'", "'1'", "' 2 '", "'abc'", "'ÄÖ中'", "'%_\\'", "'2020-13-45'", "'99999999999999999999'", "'x''y'", null}, []string{"{values: [a, b, c]}", "{}", "{values: [a, b, \"1\"]}"}},
		{"varchar(6)", "text", []string{"''", "'a'", "'b'", "'zz'", "'abcdef'", null}, []string{"{values: [a, b, zz]}", "{}"}},
		{"boolean", "bool", []string{"TRUE", "FALSE", null}, []string{"{}"}},
		{"date", "date", []string{"DATE '0001-01-01'", "DATE '9999-12-31'", "DATE '2020-02-29'", "DATE '2021-06-15'", "DATE '1969-12-31'", "DATE '2022-01-01'", null}, []string{"{lower: 2020-01-01, upper: 2022-12-31}", "{lower: 1900-01-01, upper: 2030-01-01}", "{}"}},
		{"timestamp", "time", []string{"TIMESTAMP '0001-01-01 00:00:00'", "TIMESTAMP '9999-12-31 23:59:59.999'", "TIMESTAMP '2021-03-04 05:06:07.5'", "TIMESTAMP '2020-12-31 23:59:59'", null}, []string{"{lower: 2020-01-01, upper: 2022-01-01}", "{}"}},
	}
}

type randomKind struct {
	typ, family  string
	values       []string
	declarations []string
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.Intn(len(of))] }

// newWorld invents a data set.
func newWorld(seed int64) *world {
	w := &world{r: rand.New(rand.NewSource(seed)), rowOf: map[string][]string{}}
	w.unit = pick(w.r, []string{"integer", "bigint", "text"})
	w.invent()
	w.fill()
	return w
}

func (w *world) invent() {
	persons := &randomTable{name: "persons", keys: []randomColumn{{name: "uid", typ: w.unit, family: "key", declared: "{}"}}}
	if w.r.Intn(4) > 0 {
		persons.primary = "uid"
	}
	place := randomColumn{name: "place_id", typ: "integer", family: "place", declared: "{}"}
	uid := randomColumn{name: "uid", typ: w.unit, family: "key", declared: "{}"}
	event := randomColumn{name: "event_id", typ: "bigint", family: "event", declared: "{}"}
	toPerson := " -> persons.uid"
	if persons.primary == "" {
		toPerson = "" // the column holds the unit itself
	}
	w.tables = []*randomTable{
		persons,
		{name: "events", keys: []randomColumn{event, uid, place}, primary: "event_id", path: "uid" + toPerson},
		{name: "lines", keys: []randomColumn{event, place}, path: "event_id -> events.event_id"},
		{name: "notes", keys: []randomColumn{{name: "owner", typ: w.unit, family: "key", declared: "{}"}}, path: "owner" + toPerson},
		{name: "places", keys: []randomColumn{place}, primary: "place_id", public: true},
		{name: "codes", keys: []randomColumn{place}, public: true},
	}
	for _, t := range w.tables {
		for i := range 3 + w.r.Intn(3) {
			k := pick(w.r, columnKinds())
			t.columns = append(t.columns, randomColumn{name: fmt.Sprintf("%c%d", t.name[0], i+1), typ: k.typ, family: k.family,
				notNull: w.r.Intn(4) == 0, declared: pick(w.r, k.declarations)})
		}
	}
}

const worldUnits = 8

func (w *world) fill() {
	for i := range worldUnits {
		u := fmt.Sprint(i*7 - 3)
		if w.unit == "text" {
			u = pick(w.r, []string{"'u", "'U", "' "}) + fmt.Sprint(i) + "'"
		}
		w.units = append(w.units, u)
	}
	persons, events, lines, notes := w.tables[0], w.tables[1], w.tables[2], w.tables[3]
	for i, u := range w.units {
		if i == worldUnits-1 {
			break // one unit has no row of its own
		}
		copies := 1
		if persons.primary == "" {
			copies = w.r.Intn(4)
		}
		for range copies {
			w.add(persons, u, u)
		}
	}
	var ids []string
	owners := map[string]string{}
	for i := range 22 {
		u := pick(w.r, w.units)
		if i < 7 {
			u = w.units[0] // one unit has many rows
		}
		id := fmt.Sprint(i)
		if w.r.Intn(9) == 0 {
			w.add(events, "", id, null, w.place())
			u = ""
		} else {
			w.add(events, u, id, u, w.place())
		}
		ids, owners[id] = append(ids, id), u
	}
	for range 26 {
		switch w.r.Intn(12) {
		case 0:
			w.add(lines, "", null, w.place())
		case 1:
			w.add(lines, "", "777", w.place())
		default:
			id := pick(w.r, ids)
			w.add(lines, owners[id], id, w.place())
		}
	}
	for range 14 {
		u := pick(w.r, w.units)
		if w.r.Intn(8) == 0 {
			w.add(notes, "", null)
			continue
		}
		w.add(notes, u, u)
	}
	for i := range 4 {
		w.add(w.tables[4], "", fmt.Sprint(i))
	}
	for range 5 {
		w.add(w.tables[5], "", w.place())
	}
}

func (w *world) place() string { return pick(w.r, []string{"0", "1", "2", "3", "9", null}) }

// add makes a row: the structural columns as given, the others wild.
func (w *world) add(t *randomTable, unit string, keys ...string) {
	row := randomRow{values: keys, unit: unit}
	for _, c := range t.columns {
		v := null
		for v == null {
			for _, k := range columnKinds() {
				if k.typ == c.typ {
					v = pick(w.r, k.values)
				}
			}
			if !c.notNull {
				break
			}
		}
		row.values = append(row.values, v)
	}
	t.rows = append(t.rows, row)
}

func (t *randomTable) all() []randomColumn {
	return append(append([]randomColumn{}, t.keys...), t.columns...)
}

// nobody stands for the rows that belong to no unit.
const nobody = "nobody"

// ddl makes the tables in a schema ("" is the default one), without the rows of one unit, in an order of their own.
func (w *world) ddl(schema, without string, order int64) string {
	var b strings.Builder
	if schema != "" {
		fmt.Fprintf(&b, "CREATE SCHEMA %s;\n", schema)
		schema += "."
	}
	r := rand.New(rand.NewSource(order))
	for _, t := range w.tables {
		var cols []string
		for _, c := range t.all() {
			col := c.name + " " + c.typ
			if c.notNull {
				col += " NOT NULL"
			}
			if c.name == t.primary {
				col += " PRIMARY KEY"
			}
			cols = append(cols, col)
		}
		fmt.Fprintf(&b, "CREATE TABLE %s%s (%s);\n", schema, t.name, strings.Join(cols, ", "))
		var rows []string
		for _, i := range r.Perm(len(t.rows)) {
			if row := t.rows[i]; without == "" || without == nobody && (t.public || row.unit != "") || without != nobody && row.unit != without {
				rows = append(rows, "("+strings.Join(row.values, ", ")+")")
			}
		}
		if len(rows) > 0 {
			fmt.Fprintf(&b, "INSERT INTO %s%s VALUES %s;\n", schema, t.name, strings.Join(rows, ",\n"))
		}
	}
	return b.String()
}

// yaml declares the data set.
func (w *world) yaml() string {
	var b strings.Builder
	b.WriteString(`listen: 127.0.0.1:0
ledger: sqlite:./ledger.db
datasets:
  - name: world
    source: ${SOURCE}
    privacy_unit: persons.uid
    version: 1
    query: {epsilon: 1, max_epsilon: 10000000, delta: 1e-6, max_groups: 2, max_rows: 2}
    allowed_functions: all
    max_functions: 50
    budget: {epsilon: 9000000000, delta: 0.9, refresh: never, accountant: approx}
    tables:
`)
	for _, t := range w.tables {
		if t.public {
			fmt.Fprintf(&b, "      %s: {public: true}\n", t.name)
			continue
		}
		fmt.Fprintf(&b, "      %s:\n", t.name)
		if t.path != "" {
			fmt.Fprintf(&b, "        unit: %s\n", t.path)
		}
		b.WriteString("        columns:\n")
		for _, c := range t.all() {
			fmt.Fprintf(&b, "          %s: %s\n", c.name, c.declared)
		}
	}
	b.WriteString("users:\n  - name: alice\n    password: SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" +
		"    datasets:\n      world: {budget: {epsilon: 9000000000, delta: 0.9, refresh: never}}\n")
	return b.String()
}

// load makes the world in a fresh database, and opens it as `dpproxy serve` does.
func (w *world) load(t testing.TB, kind catalog.Engine) (cfg *config.Config, loaded *datasets.Loaded, driver, url string) {
	t.Helper()
	dir := t.TempDir()
	driver, url = "duckdb", filepath.Join(dir, "world.duckdb")
	source := "duckdb:" + url
	if kind != catalog.DuckDB {
		driver, url = "pgx", testservers.Postgres(t)
		source = url
	}
	run(t, driver, url, w.ddl("", "", 0))
	path := filepath.Join(dir, "world.yaml")
	if err := os.WriteFile(path, []byte(w.yaml()), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, faults := config.Load(path, func(name string) (string, bool) { return source, name == "SOURCE" })
	if cfg == nil {
		t.Fatalf("configuration: %v\n%s", faults, w.yaml())
	}
	all, faults := datasets.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 1 {
		t.Fatalf("data set: %v\n%s", faults, w.yaml())
	}
	return cfg, all[0], driver, url
}

// open loads the world's catalog, and adds the copies without each unit as schemas w0, w1, …; w.units[i] is missing in wi. All
// of it is there again, in another order of rows, in schema same, and without the rows that belong to no unit in schema nobody.
func (w *world) open(t testing.TB, kind catalog.Engine) (*catalog.Dataset, *sql.DB) {
	t.Helper()
	_, loaded, driver, url := w.load(t, kind)
	loaded.Engine.Close()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	settings := "SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET max_parallel_workers_per_gather = 0; SET jit = off"
	if kind == catalog.DuckDB {
		settings = "SET integer_division = true; SET default_null_order = 'NULLS_LAST_ON_ASC_FIRST_ON_DESC'; SET TimeZone = 'UTC'; SET threads = 1"
	}
	text := settings + ";\n" + w.ddl("same", "", 99) + w.ddl("nobody", nobody, 98)
	for i, u := range w.units {
		text += w.ddl(fmt.Sprintf("w%d", i), u, int64(i+1))
	}
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
	return loaded.Catalog, db
}

func run(t testing.TB, driver, url, text string) {
	t.Helper()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatalf("%v\n%.2000s", err, text)
	}
}
