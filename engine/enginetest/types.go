package enginetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// typeCase is a type, how both sources spell it, and values in PostgreSQL's output text.
type typeCase struct {
	kind   catalog.Type
	sql    string
	values []string
}

// typeCases have the limits of the types, where both sources have the same ones, and what is printed in odd ways.
func typeCases() []typeCase {
	numeric := catalog.Type{Kind: catalog.Numeric, Precision: 10, Scale: 2, HasScale: true}
	return []typeCase{
		{catalog.Of(catalog.Bool), "boolean", []string{"f", "t"}},
		{catalog.Of(catalog.Int2), "smallint", []string{"-32768", "0", "32767"}},
		{catalog.Of(catalog.Int4), "integer", []string{"-2147483648", "0", "2147483647"}},
		{catalog.Of(catalog.Int8), "bigint", []string{"-9223372036854775808", "0", "9223372036854775807"}},
		{numeric, "numeric(10,2)", []string{"-99999999.99", "-0.05", "0.00", "1.50", "99999999.99"}},
		{
			catalog.Of(catalog.Float4), "real",
			[]string{"-Infinity", "-1e-45", "0", "0.1", "123456", "1e+06", "3.4028235e+38", "Infinity", "NaN"},
		},
		{
			catalog.Of(catalog.Float8), "double precision", []string{
				"-Infinity", "-1.7976931348623157e+308", "0", "5e-324", "1e-05", "0.0001", "0.1", "0.30000000000000004", "1",
				"123456789012345", "1e+15", "1e+20", "Infinity", "NaN",
			},
		},
		{
			catalog.Of(catalog.Text), "text",
			[]string{"", " ", "'", `"`, `\`, "NULL", "a,b", "line\nbreak", "tab\t", "zwölf Boxkämpfer", "日本語", "🙂", "{}", "$1", "--"},
		},
		{catalog.Of(catalog.Date), "date", []string{"-infinity", "0044-03-15 BC", "0001-01-01", "1970-01-01", "2020-02-29", "infinity"}},
		{catalog.Of(catalog.Time), "time", []string{"00:00:00", "04:05:06.789", "23:59:59.999999"}},
		{
			catalog.Of(catalog.Timestamp), "timestamp",
			[]string{"-infinity", "0044-03-15 12:00:00 BC", "1969-12-31 23:59:59.999999", "2020-02-29 04:05:06.7", "infinity"},
		},
		{
			catalog.Of(catalog.Timestamptz), "timestamptz",
			[]string{"-infinity", "1969-12-31 23:59:59.999999+00", "2020-02-29 04:05:06+00", "infinity"},
		},
		{catalog.Of(catalog.Interval), "interval", []string{
			"-2 years", "-1 mons +2 days -03:00:00", "-00:00:01.5", "00:00:00", "1 day", "1 mon", "1 year 2 mons 3 days 04:05:06.789",
		}},
		{catalog.Of(catalog.UUID), "uuid", []string{
			"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		}},
	}
}

// fixture is a table of one column with each value once, and a NULL.
func (c typeCase) fixture(name string) []string {
	rows := []string{"(NULL)"}
	for _, v := range c.values {
		rows = append(rows, "(CAST("+c.literal(v)+" AS "+c.sql+"))")
	}
	return []string{
		fmt.Sprintf("CREATE TABLE %s (v %s)", name, c.sql),
		fmt.Sprintf("INSERT INTO %s VALUES %s", name, strings.Join(rows, ", ")),
	}
}

// literal is a string that both sources read as the value.
func (c typeCase) literal(v string) string {
	if before, ok := strings.CutSuffix(v, " BC"); ok {
		day, clock, _ := strings.Cut(before, " ")
		v = strings.TrimSpace(day + " (BC) " + clock) // PostgreSQL passes over the brackets
	}
	if c.kind.Kind == catalog.Interval {
		v = strings.ReplaceAll(v, "+", "") // a plus sign shows only that the part before was negative
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

// testTypes reads each value as a group key, and sends it through an input and back.
func (h Harness) testTypes(t *testing.T) {
	cases := typeCases()
	var setup []string
	for i, c := range cases {
		setup = append(setup, c.fixture(fmt.Sprintf("fixture_%d", i))...)
	}
	e := h.Open(t, setup, 0)
	for i, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			var want [][]string
			for _, v := range c.values {
				want = append(want, []string{v, "1"})
			}
			got := measure(t, e, engine.Query{
				SQL:  fmt.Sprintf("SELECT v, count(*) FROM %s.fixture_%d GROUP BY v ORDER BY v NULLS LAST", h.Schema, i),
				Keys: []catalog.Type{c.kind}, Width: 1,
			})
			if c.kind.IsText() {
				expectSet(t, "keys", got, append(want, []string{"NULL", "1"})) // collations differ
			} else {
				expect(t, "keys", got, append(want, []string{"NULL", "1"}))
			}
			rows := [][]mechanism.Cell{{{Null: true}}}
			back := [][]string{{"NULL"}}
			for _, v := range c.values {
				rows = append(rows, []mechanism.Cell{{Text: v}})
				back = append(back, []string{v})
			}
			inputs := []engine.Input{{Name: "released_1", Columns: []engine.InputColumn{{Name: "v", Type: c.kind}}, Rows: rows}}
			expect(t, "round trip", finish(t, e, "SELECT v FROM released_1", inputs, c.kind), back)
		})
	}
	t.Run("bytea", func(t *testing.T) {
		kind := catalog.Of(catalog.Bytea)
		inputs := []engine.Input{{
			Name: "r", Columns: []engine.InputColumn{{Name: "v", Type: kind}},
			Rows: [][]mechanism.Cell{{{Text: `\x00ff5c27`}}, {{Text: `\x`}}, {{Null: true}}},
		}}
		expect(t, "round trip", finish(t, e, "SELECT v FROM r", inputs, kind), [][]string{{`\x00ff5c27`}, {`\x`}, {"NULL"}})
	})
	t.Run("json", func(t *testing.T) {
		kind := catalog.Of(catalog.JSON)
		inputs := []engine.Input{{
			Name: "r", Columns: []engine.InputColumn{{Name: "v", Type: kind}},
			Rows: [][]mechanism.Cell{{{Text: `{"b": 1,  "a":[1e0, null]}`}}, {{Null: true}}},
		}}
		expect(t, "round trip", finish(t, e, "SELECT v FROM r", inputs, kind), [][]string{{`{"b": 1,  "a":[1e0, null]}`}, {"NULL"}})
	})
	t.Run("numeric without a scale", func(t *testing.T) {
		kind := catalog.Of(catalog.Numeric)
		inputs := []engine.Input{{
			Name: "r", Columns: []engine.InputColumn{{Name: "v", Type: kind}},
			Rows: [][]mechanism.Cell{{{Text: "12345678901234567890.25"}}, {{Text: "-0.50"}}},
		}}
		expect(t, "round trip", finish(t, e, "SELECT v FROM r", inputs, kind), [][]string{{"12345678901234567890.25"}, {"-0.50"}})
	})
}

func expectSet(t *testing.T, what string, got, want [][]string) {
	t.Helper()
	count := map[string]int{}
	for _, row := range got {
		count[strings.Join(row, "\x00")]++
	}
	for _, row := range want {
		count[strings.Join(row, "\x00")]--
	}
	for row, n := range count {
		if n != 0 {
			t.Errorf("%s: row %q is %d times too many", what, row, n)
		}
	}
}
