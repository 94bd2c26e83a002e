package enginetest

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

func (h Harness) testFinish(t *testing.T) {
	e := h.Open(t, []string{
		"CREATE TABLE regions (code text, name text)", "INSERT INTO regions VALUES ('n', 'North'), ('s', 'South')",
	}, 0)
	counts := engine.Input{
		Name:    "released_1",
		Columns: []engine.InputColumn{{Name: "region", Type: catalog.Of(catalog.Text)}, {Name: "count", Type: catalog.Of(catalog.Int8)}},
		Rows:    [][]mechanism.Cell{cells("s", "30"), cells("n", "10"), cells("w", "-2")},
	}
	total := engine.Input{
		Name:    `odd "name"`,
		Columns: []engine.InputColumn{{Name: `all "rows"`, Type: catalog.Of(catalog.Int8)}},
		Rows:    [][]mechanism.Cell{cells("40")},
	}
	text, int8, float := catalog.Of(catalog.Text), catalog.Of(catalog.Int8), catalog.Of(catalog.Float8)
	expect(t, "order of the input", finish(t, e, "SELECT * FROM released_1", []engine.Input{counts}, text, int8),
		[][]string{{"s", "30"}, {"n", "10"}, {"w", "-2"}})
	expect(t, "join with a public table, two inputs, order",
		finish(t, e, `SELECT r.name, c.count, CAST(c.count AS double precision) / t."all ""rows"""
			FROM released_1 AS c LEFT JOIN `+h.table("regions")+` AS r ON r.code = c.region, "odd ""name""" AS t
			ORDER BY c.count DESC`, []engine.Input{counts, total}, text, int8, float),
		[][]string{{"South", "30", "0.75"}, {"North", "10", "0.25"}, {"NULL", "-2", "-0.05"}})
	expect(t, "no inputs", finish(t, e, "SELECT name FROM "+h.table("regions")+" ORDER BY name DESC", nil, text),
		[][]string{{"South"}, {"North"}})
	counts.Rows = nil
	expect(t, "an input without rows", finish(t, e, "SELECT count(*), sum(count) FROM released_1", []engine.Input{counts}, int8, catalog.Of(catalog.Numeric)),
		[][]string{{"0", "NULL"}})
	expect(t, "no rows", len(finish(t, e, "SELECT * FROM released_1", []engine.Input{counts}, text, int8)), 0)
	if rows, err := e.Finish(t.Context(), "SELECT 1, 2", nil, []catalog.Type{int8}); err == nil {
		rows.Close()
		t.Error("a result with more columns than planned is accepted")
	}
	if rows, err := e.Finish(t.Context(), "SELECT 1; SELECT 2", nil, []catalog.Type{int8}); err == nil {
		rows.Close()
		t.Error("two statements are accepted")
	}
	counts.Rows = [][]mechanism.Cell{cells("s")}
	if rows, err := e.Finish(t.Context(), "SELECT * FROM released_1", []engine.Input{counts}, []catalog.Type{text, int8}); err == nil {
		rows.Close()
		t.Error("a row with too few cells is accepted")
	}
}

func (h Harness) testManyInputs(t *testing.T) {
	e := h.Open(t, nil, 0)
	const n = 5000
	input := engine.Input{Name: "released_1", Columns: []engine.InputColumn{
		{Name: "id", Type: catalog.Of(catalog.Int4)}, {Name: "text", Type: catalog.Of(catalog.Text)},
		{Name: "x", Type: catalog.Of(catalog.Float8)}, {Name: "day", Type: catalog.Of(catalog.Date)},
	}}
	for i := range n {
		row := cells(strconv.Itoa(i), fmt.Sprintf("wörd \"%d\" '\\", i), strconv.Itoa(i)+".25", catalog.FormatDate(int64(i)))
		row[1+i%3].Null = true
		row[1+i%3].Text = ""
		input.Rows = append(input.Rows, row)
	}
	got := finish(t, e, "SELECT * FROM released_1", []engine.Input{input}, of(catalog.Int4, catalog.Text, catalog.Float8, catalog.Date)...)
	if len(got) != n {
		t.Fatalf("%d rows, want %d", len(got), n)
	}
	for i, row := range got {
		for j, c := range input.Rows[i] {
			want := c.Text
			if c.Null {
				want = "NULL"
			}
			if row[j] != want {
				t.Fatalf("row %d, column %d is %q, want %q", i, j, row[j], want)
			}
		}
	}
}

// testStream reads a million rows and looks at this process's heap; then it leaves a result early.
func (h Harness) testStream(t *testing.T) {
	e := h.Open(t, []string{
		"CREATE TABLE numbers AS SELECT x, CAST(x AS text) AS label FROM generate_series(1, 1000000) AS g(x)",
	}, 0)
	sql := "SELECT x, label FROM " + h.table("numbers")
	types := of(catalog.Int8, catalog.Text)
	rows, err := e.Finish(t.Context(), sql, nil, types)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, sum := 0, 0
	for rows.Next() {
		n++
		x, err := strconv.Atoi(rows.Values()[0].Text)
		if err != nil {
			t.Fatal(err)
		}
		sum += x
		if n == 900_000 {
			runtime.GC()
			runtime.ReadMemStats(&after)
		}
	}
	if rows.Err() != nil || n != 1_000_000 || sum != 500_000_500_000 {
		t.Fatalf("%d rows that add up to %d, error %v", n, sum, rows.Err())
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes while the rows streamed", grown)
	}
	early, err := e.Finish(t.Context(), sql, nil, types)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if !early.Next() {
			t.Fatal(early.Err())
		}
	}
	early.Close()
	early.Close()
	if early.Next() {
		t.Error("a closed result has a next row")
	}
	h.idle(t)
}
