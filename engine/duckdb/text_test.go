package duckdb

import (
	"errors"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
)

// TestTextOfTheTypeThatIsWanted has values of one DuckDB type that a plan expects as another, and PostgreSQL's text
// after its own cast.
func TestTextOfTheTypeThatIsWanted(t *testing.T) {
	e := open(t, Source{Path: create(t)}, Options{})
	numeric := catalog.Type{Kind: catalog.Numeric, Precision: 10, Scale: 2, HasScale: true}
	integers, texts := catalog.Of(catalog.Int4), catalog.Of(catalog.Text)
	integers.Array, texts.Array = true, true
	for _, c := range []struct {
		sql  string
		want catalog.Type
		text string
	}{
		{"CAST(3 AS HUGEINT)", catalog.Of(catalog.Int8), "3"},
		{"CAST(-170141183460469231731687303715884105727 AS HUGEINT)", catalog.Of(catalog.Numeric), "-170141183460469231731687303715884105727"},
		{"CAST(18446744073709551615 AS UBIGINT)", catalog.Of(catalog.Numeric), "18446744073709551615"},
		{"CAST(340282366920938463463374607431768211455 AS UHUGEINT)", catalog.Of(catalog.Numeric), "340282366920938463463374607431768211455"},
		{"CAST(1.5 AS DECIMAL(4,1))", catalog.Of(catalog.Float8), "1.5"},
		{"CAST(1.5 AS DECIMAL(4,1))", numeric, "1.50"},
		{"CAST(2 AS INTEGER)", numeric, "2.00"},
		{"CAST(2 AS INTEGER)", catalog.Of(catalog.Float8), "2"},
		{"CAST(1e20 AS DOUBLE)", catalog.Of(catalog.Numeric), "100000000000000000000"},
		{"CAST('-0' AS DOUBLE)", catalog.Of(catalog.Numeric), "0"},
		{"CAST('-0' AS DOUBLE)", catalog.Of(catalog.Float8), "-0"},
		{"CAST(0.1 AS FLOAT)", catalog.Of(catalog.Float8), "0.10000000149011612"},
		{"CAST(0.1 AS FLOAT)", catalog.Of(catalog.Float4), "0.1"},
		{"CAST('NaN' AS DOUBLE)", catalog.Of(catalog.Numeric), "NaN"},
		{"CAST(4 AS DOUBLE)", catalog.Of(catalog.Int8), "4"},
		{"CAST('2020-02-29' AS DATE)", catalog.Of(catalog.Timestamp), "2020-02-29 00:00:00"},
		{"CAST('2020-02-29' AS TIMESTAMP)", catalog.Of(catalog.Date), "2020-02-29"},
		{"CAST('2020-02-29 01:02:03' AS TIMESTAMP_S)", catalog.Of(catalog.Timestamp), "2020-02-29 01:02:03"},
		{"CAST('2020-02-29 01:02:03.5' AS TIMESTAMP_MS)", catalog.Of(catalog.Timestamp), "2020-02-29 01:02:03.5"},
		{"CAST('b' AS ENUM('a', 'b'))", catalog.Of(catalog.Text), "b"},
		{"[1, NULL, 3]", integers, "{1,NULL,3}"},
		{`['', 'a"b', 'null', 'x y', 'plain']`, texts, `{"","a\"b","null","x y",plain}`},
		{"NULL", catalog.Of(catalog.Text), "NULL"},
	} {
		rows, err := e.Finish(t.Context(), "SELECT "+c.sql, nil, []catalog.Type{c.want})
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if !rows.Next() {
			t.Errorf("%s as %v: %v", c.sql, c.want, rows.Err())
			continue
		}
		cell := rows.Values()[0]
		if cell.Null {
			cell.Text = "NULL"
		}
		if cell.Text != c.text {
			t.Errorf("%s as %v is %s, want %s", c.sql, c.want, cell.Text, c.text)
		}
		rows.Close()
	}
}

// TestTextThatWouldLoseSomething: the row fails, and the rest of the result with it.
func TestTextThatWouldLoseSomething(t *testing.T) {
	e := open(t, Source{Path: create(t)}, Options{})
	for sql, want := range map[string]catalog.Kind{
		"CAST(1.5 AS DOUBLE)": catalog.Int8, "CAST(1e300 AS DOUBLE)": catalog.Int8, "CAST(1.5 AS DECIMAL(4,1))": catalog.Int4,
		"CAST('2020-02-29 01:00:00' AS TIMESTAMP)": catalog.Date, "[1]": catalog.Int4,
	} {
		rows, err := e.Finish(t.Context(), "SELECT "+sql, nil, []catalog.Type{catalog.Of(want)})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if rows.Next() || rows.Err() == nil {
			t.Errorf("%s as %v is %v, error %v", sql, catalog.Of(want), rows.Values(), rows.Err())
		}
		rows.Close()
	}
	for _, sql := range []string{"{'a': 1}", "MAP {'a': 1}", "[[1]]"} {
		rows, err := e.Finish(t.Context(), "SELECT "+sql, nil, []catalog.Type{catalog.Of(catalog.Text)})
		if err == nil && rows.Next() {
			t.Errorf("%s is printed as %v", sql, rows.Values())
		}
		if err == nil {
			rows.Close()
		}
	}
	if _, err := e.Run(t.Context(), []engine.Query{{SQL: "SELECT 1", Width: 1}}); err != nil && errors.Is(err, engine.ErrUnavailable) {
		t.Error(err)
	}
}
