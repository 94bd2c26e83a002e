package enginetest

import (
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
)

func (h Harness) testSchema(t *testing.T) {
	e := h.Open(t, []string{
		"CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
		"CREATE TABLE persons (id bigint PRIMARY KEY, code text NOT NULL UNIQUE, mood mood, UNIQUE (id, code))",
		`CREATE TABLE visits ("Visit" integer, person bigint NOT NULL REFERENCES persons (id), cost numeric(12,2),
			seen timestamp, tz timestamptz, day date, x real, y double precision, flag boolean, small smallint,
			raw bytea, token uuid, doc json, tags text[])`,
		"CREATE VIEW women AS SELECT id, code FROM persons",
	}, 0)
	tables, err := e.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]catalog.SourceTable{}
	var names []string
	for _, table := range tables {
		if table.Schema != h.Schema {
			t.Errorf("table %s is in schema %s", table.Name, table.Schema)
		}
		if table.Immutable != (e.Kind() == catalog.DuckDB) {
			t.Errorf("table %s is immutable: %v", table.Name, table.Immutable)
		}
		byName[table.Name] = table
		names = append(names, table.Name)
	}
	expect(t, "tables", names, []string{"persons", "visits", "women"})
	persons, visits, women := byName["persons"], byName["visits"], byName["women"]
	expect(t, "primary key", persons.PrimaryKey, []string{"id"})
	expect(t, "uniques", persons.Uniques, [][]string{{"code"}, {"id", "code"}})
	expect(t, "foreign keys", visits.ForeignKeys,
		[]catalog.SourceForeignKey{{Columns: []string{"person"}, RefTable: "persons", RefColumns: []string{"id"}}})
	expect(t, "a view's keys", []int{len(women.PrimaryKey), len(women.Uniques), len(women.Columns)}, []int{0, 0, 2})
	mood := persons.Columns[2]
	expect(t, "enumeration", mood.EnumValues, []string{"sad", "ok", "happy"})
	expect(t, "enumeration's type", mood.Type, catalog.Of(catalog.Text))
	expect(t, "not null", []bool{persons.Columns[0].NotNull, persons.Columns[1].NotNull, mood.NotNull}, []bool{true, true, false})
	var got []catalog.Type
	for _, c := range visits.Columns {
		got = append(got, c.Type)
		if c.TypeName == "" {
			t.Errorf("column %s has no type name", c.Name)
		}
	}
	want := of(catalog.Int4, catalog.Int8, catalog.Numeric, catalog.Timestamp, catalog.Timestamptz, catalog.Date, catalog.Float4,
		catalog.Float8, catalog.Bool, catalog.Int2, catalog.Bytea, catalog.UUID, catalog.JSON, catalog.Text)
	want[2] = catalog.Type{Kind: catalog.Numeric, Precision: 12, Scale: 2, HasScale: true}
	want[13].Array = true
	expect(t, "types", got, want)
	expect(t, "names keep their case", visits.Columns[0].Name, "Visit")
}

func (h Harness) testUnique(t *testing.T) {
	e := h.Open(t, append(people(), `INSERT INTO people (id, sex) VALUES (5, NULL)`), 0)
	for column, want := range map[string]bool{"id": true, "email": true, "sex": false, "age": true} {
		got, err := e.IsUnique(t.Context(), engine.UniqueProbe{Schema: h.Schema, Table: "people", Column: column})
		if err != nil || got != want {
			t.Errorf("%s is unique: %v, %v; want %v", column, got, err, want)
		}
	}
	if _, err := e.IsUnique(t.Context(), engine.UniqueProbe{Schema: h.Schema, Table: "people", Column: `x" FROM y; --`}); err == nil {
		t.Error("a column that does not exist is unique")
	}
	for below, want := range map[int64]int64{1 << 40: 0, 3: 3} { // ids are 1 to 5
		missing, outside, err := e.KeyFaults(t.Context(), engine.KeyProbe{Schema: h.Schema, Table: "people", Column: "id", Below: below})
		if err != nil || missing != 0 || outside != want {
			t.Errorf("keys below %d: %d missing, %d outside, %v; want %d outside", below, missing, outside, err, want)
		}
	}
	if missing, _, err := e.KeyFaults(t.Context(), engine.KeyProbe{Schema: h.Schema, Table: "people", Column: "age", Below: 1000}); err != nil || missing != 2 {
		t.Errorf("%d missing, want 2 (%v)", missing, err)
	}
}
