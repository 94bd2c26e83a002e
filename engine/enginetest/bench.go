package enginetest

import (
	"strconv"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// Benchmark measures what an engine adds: the queries themselves do next to nothing, but for the last.
func Benchmark(b *testing.B, h Harness) {
	e := h.Open(b, append(people(),
		"CREATE TABLE numbers AS SELECT x, CAST(x AS text) AS label FROM generate_series(1, 1000000) AS g(x)"), 0)
	query := engine.Query{
		SQL: "SELECT sex, count(DISTINCT id), count(*), sum(age) FROM " + h.table("people") +
			" WHERE $1 = $1 GROUP BY sex ORDER BY sex",
		Salted: true, Keys: of(catalog.Text), Units: true, Width: 2,
	}
	input := engine.Input{Name: "released_1", Columns: []engine.InputColumn{
		{Name: "sex", Type: catalog.Of(catalog.Text)}, {Name: "n", Type: catalog.Of(catalog.Int8)},
	}}
	for i := range 20 {
		input.Rows = append(input.Rows, []mechanism.Cell{{Text: "key " + strconv.Itoa(i)}, {Text: strconv.Itoa(i)}})
	}
	drain := func(b *testing.B, sql string, inputs []engine.Input, types []catalog.Type) {
		rows, err := e.Finish(b.Context(), sql, inputs, types)
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
		}
		if rows.Err() != nil {
			b.Fatal(rows.Err())
		}
	}
	b.Run("Run", func(b *testing.B) {
		for b.Loop() {
			query.Salt++
			if _, err := e.Run(b.Context(), []engine.Query{query}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Run/4", func(b *testing.B) {
		for b.Loop() {
			query.Salt++
			if _, err := e.Run(b.Context(), []engine.Query{query, query, query, query}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Finish/20", func(b *testing.B) {
		for b.Loop() {
			drain(b, "SELECT sex, n FROM released_1 ORDER BY n DESC", []engine.Input{input}, of(catalog.Text, catalog.Int8))
		}
	})
	b.Run("Finish/stream", func(b *testing.B) {
		for b.Loop() {
			drain(b, "SELECT x, label FROM "+h.table("numbers"), nil, of(catalog.Int8, catalog.Text))
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/row")
	})
}
