package duckdb

import (
	"context"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// TestOpenRows: tables hold the rows that were given, in the types that were given, and nothing opens afterwards.
func TestOpenRows(t *testing.T) {
	array := catalog.Of(catalog.Int4)
	array.Array = true
	price := catalog.Type{Kind: catalog.Numeric, Precision: 6, Scale: 2, HasScale: true}
	types := []catalog.Type{catalog.Of(catalog.Int4), catalog.Of(catalog.Text), price, catalog.Of(catalog.Bytea), array, catalog.Of(catalog.Timetz),
		catalog.Of(catalog.Timestamptz)}
	in := engine.Input{Name: "odd name", Rows: [][]mechanism.Cell{
		{{Text: "1"}, {Text: `a "b"`}, {Text: "1.50"}, {Text: `\x00ff`}, {Text: "{1}"}, {Text: "12:00:00+00"}, {Text: "2024-02-29 00:00:00+00"}},
		{{Null: true}, {Null: true}, {Null: true}, {Null: true}, {Null: true}, {Null: true}, {Null: true}},
	}}
	for i, typ := range types {
		in.Columns = append(in.Columns, engine.InputColumn{Name: string(rune('a' + i)), Type: typ})
	}
	e, err := OpenRows(context.Background(), []engine.Input{in, {Name: "empty", Columns: in.Columns[:1]}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	rows, err := e.Finish(context.Background(), `SELECT "a", "b", "c", "d", "e", "g" FROM "main"."odd name" ORDER BY "a"`, nil,
		[]catalog.Type{types[0], types[1], types[2], types[3], types[4], types[6]})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	want := []string{"1", `a "b"`, "1.50", `\x00ff`, "{1}", "2024-02-29 00:00:00+00"}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	for i, c := range rows.Values() {
		if c.Text != want[i] || c.Null != (want[i] == "") {
			t.Errorf("column %d is %+v, want %q", i, c, want[i])
		}
	}
	if _, err := e.query(context.Background(), "SELECT * FROM read_csv('/etc/passwd')"); err == nil {
		t.Error("a file was opened")
	}
}
