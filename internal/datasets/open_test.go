package datasets

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

const schema = `
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE persons (person_id bigint PRIMARY KEY, age smallint, mood mood, place point, city text);
CREATE TABLE visits (visit_id int NOT NULL, person_id bigint REFERENCES persons, cost numeric(8,2), visited_on date);
CREATE TABLE items (visit_id int, price float8);
CREATE TABLE cities (city text, version text);
INSERT INTO persons VALUES (1, 30, 'sad', NULL, 'x'), (2, 40, NULL, NULL, 'y');
INSERT INTO visits VALUES (7, 1, 10, '2020-01-01'), (7, 2, 20, '2020-01-02');
INSERT INTO cities VALUES ('x', '2026-11'), ('y', '2026-11');`

// database makes a fresh database with the schema, and returns its URL.
func database(t *testing.T) string {
	t.Helper()
	url := testservers.Postgres(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, schema); err != nil {
		t.Fatal(err)
	}
	return url
}

// load reads a configuration of one dataset named d, whose text follows the usual head.
func load(t *testing.T, source, text string) *config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.yaml")
	head := "datasets:\n  - name: d\n    budget: {epsilon: 10, delta: 1e-6}\n    source: " + source + "\n"
	if err := os.WriteFile(file, []byte(head+text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, faults := config.Load(file, os.LookupEnv)
	for _, f := range faults {
		t.Error(f)
	}
	if cfg == nil {
		t.FailNow()
	}
	return cfg
}

// openAll opens a configuration and returns its faults without the file's name.
func openAll(t *testing.T, cfg *config.Config) ([]*Loaded, string) {
	t.Helper()
	all, faults := Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := Close(all); err != nil {
			t.Error(err)
		}
	})
	var lines []string
	for _, f := range cfg.SortFaults(faults) {
		lines = append(lines, strings.TrimPrefix(f.String(), cfg.Path+":"))
	}
	return all, strings.Join(lines, "\n")
}

func TestOpenPostgres(t *testing.T) {
	cfg := load(t, database(t), `    privacy_unit: persons.person_id
    version: {from: "SELECT max(version) FROM cities"}
    tables:
      persons: {columns: {age: {lower: 0, upper: 110}, mood: {}, city: {}}}
      visits: {unit: person_id -> persons.person_id, columns: {cost: {lower: 0, upper: 500.25}}}
      cities: {public: true}
`)
	all, faults := openAll(t, cfg)
	if faults != "" || len(all) != 1 {
		t.Fatalf("%d datasets, faults:\n%s", len(all), faults)
	}
	ds := all[0].Catalog
	if ds.Engine != catalog.Postgres || ds.Version != "2026-11" || len(ds.Tables) != 3 || ds.Accountant != "zcdp" {
		t.Errorf("got %+v", ds)
	}
	persons, _ := ds.Table("persons")
	id, _ := persons.Column("person_id")
	mood, _ := persons.Column("mood")
	if id == nil || !id.Unique || id.Nullable || mood == nil || strings.Join(mood.Domain.Values, " ") != "happy sad" || !mood.Domain.NullValue {
		t.Errorf("person_id %+v, mood %+v", id, mood)
	}
}

// What only the live source shows: each has its place in the file.
func TestOpenFindsWhatOnlyTheSourceShows(t *testing.T) {
	cfg := load(t, database(t), `    privacy_unit: persons.person_id
    tables:
      persons:
        columns:
          age: {lower: 0, upper: 40000}
          agee: {}
          place: {}
          mood: {values: [happy, glad]}
          city: {type: integer}
      visits: {unit: person_id -> persons.person_id}
      items: {unit: visit_id -> visits.visit_id}
      nowhere: {public: true}
`)
	all, got := openAll(t, cfg)
	want := `9:34: datasets[0].tables.persons.columns.age.upper: "40000" is out of the range of smallint (type smallint)
10:11: datasets[0].tables.persons.columns.agee: table public.persons of the source has no column "agee" (did you mean age?)
11:11: datasets[0].tables.persons.columns.place: has type point in the source, which dpproxy cannot carry in a private table (remove it from ` + "`columns`" + `)
12:34: datasets[0].tables.persons.columns.mood.values: "glad" is no label of public.mood (labels are sad, happy)
13:24: datasets[0].tables.persons.columns.city.type: is written as integer, but the source has text (write text, or leave the type out)
15:21: datasets[0].tables.items.unit: visits.visit_id is not unique, but items.visit_id points to it (a key holds each value once; where a column holds the unit itself, write unit: column)
16:7: datasets[0].tables.nowhere: the source has no table "nowhere" (see ` + "`dpproxy init`" + ` for what it has)`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(all) != 0 {
		t.Error("a dataset with faults was opened")
	}
}

// A key that holds by chance today is a warning: the dataset can be served.
func TestOpenWarnsOfKeysThatNothingEnforces(t *testing.T) {
	cfg := load(t, database(t), `    privacy_unit: persons.person_id
    tables:
      persons: {columns: {city: {key: true}}}
`)
	all, got := openAll(t, cfg)
	want := "7:27: warning: datasets[0].tables.persons.columns.city: persons.city is unique now, but no constraint of the source keeps it so (add a primary key or a unique constraint)"
	if got != want || len(all) != 1 {
		t.Errorf("%d datasets, faults:\n%s\nwant\n%s", len(all), got, want)
	}
}

func TestOpenFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"persons.csv": "person_id,age,zip\n1,30,01234\n2,40,99999\n",
		"visits.csv":  "visit_id,person_id,cost\n7,1,10.5\n8,2,20\n9,2,1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := load(t, "{files: {persons: "+dir+"/persons.csv, visits: "+dir+"/visits*.csv}}", `    privacy_unit: persons.person_id
    version: 3
    tables:
      persons: {columns: {age: {type: smallint, lower: 0, upper: 110}, zip: {type: text}}}
      visits: {unit: person_id -> persons.person_id, columns: {cost: {lower: 0, upper: 100}}}
`)
	all, faults := openAll(t, cfg)
	if faults != "" || len(all) != 1 {
		t.Fatalf("%d datasets, faults:\n%s", len(all), faults)
	}
	persons, _ := all[0].Catalog.Table("persons")
	id, _ := persons.Column("person_id")
	age, _ := persons.Column("age")
	if !id.Unique || age.Type.Kind != catalog.Int2 || all[0].Catalog.Version != "3" {
		t.Errorf("person_id unique: %v (the files cannot change), age %s, version %q", id.Unique, age.Type, all[0].Catalog.Version)
	}
}

func TestOpenReportsSourcesThatAreNotThere(t *testing.T) {
	for name, source := range map[string]string{
		"no server":   "postgres://reader:hunter2@127.0.0.1:1/census?connect_timeout=2",
		"no database": "duckdb:missing.duckdb",
		"no file":     "{files: {t: missing.csv}}",
	} {
		t.Run(name, func(t *testing.T) {
			all, got := openAll(t, load(t, source, "    privacy_unit: row\n    tables: {t: {columns: {x: {}}}}\n"))
			if len(all) != 0 || !strings.HasPrefix(got, "4:") || !strings.Contains(got, "datasets[0].source: cannot be ") {
				t.Errorf("%d datasets, faults:\n%s", len(all), got)
			}
			if strings.Contains(got, "hunter2") || strings.Contains(got, "\n") {
				t.Errorf("a password or a second line in\n%s", got)
			}
		})
	}
}

// A version is read as an analyst would read it: from what is public, and nothing else.
func TestVersionReadsOnlyPublicTables(t *testing.T) {
	url := database(t)
	for sql, want := range map[string]string{
		"SELECT count(*) FROM persons":     "reads more than public tables",
		"SELECT 1":                         "reads no table",
		"SELECT city FROM cities":          "gives 2 rows",
		"SELECT city, version FROM cities": "gives 2 columns",
		"DROP TABLE cities":                "",
		"SELECT max(nothing) FROM cities":  "",
		"SELECT 1; SELECT 2":               "is not one SELECT",
	} {
		all, got := openAll(t, load(t, url, `    privacy_unit: persons.person_id
    version: {from: "`+sql+`"}
    tables: {persons: {columns: {age: {lower: 0, upper: 110}}}, cities: {public: true}}
`))
		if len(all) != 0 || !strings.Contains(got, "datasets[0].version: "+want) {
			t.Errorf("%s: %d datasets, faults:\n%s", sql, len(all), got)
		}
	}
}
