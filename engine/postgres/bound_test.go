package postgres

import (
	"errors"
	"fmt"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/mechanism"
)

// bound asks for all rows of a statement of one column.
func bound(t testing.TB, e *Engine, sql string, values ...string) (string, error) {
	t.Helper()
	b := engine.Bound{SQL: sql}
	for _, v := range values {
		b.Values = append(b.Values, mechanism.Cell{Text: v})
	}
	rows, err := e.FinishBound(t.Context(), b, []catalog.Type{catalog.Of(catalog.Text)})
	if err != nil {
		return "", err
	}
	defer rows.Close()
	out := ""
	for rows.Next() {
		out += fmt.Sprint(rows.Values()[0].Text, ";")
	}
	return out, rows.Err()
}

// TestFinishBound: values in, rows out, over and over on one connection, also when the table changes under it, after errors, and
// with more statements than a connection keeps.
func TestFinishBound(t *testing.T) {
	url := testservers.Postgres(t)
	execute(t, url, "CREATE TABLE t (id integer, x text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'it''s')")
	for name, o := range map[string]Options{"prepared": {MaxConns: 1, Statements: 2}, "none kept": {MaxConns: 1, Statements: -1}} {
		t.Run(name, func(t *testing.T) {
			e := open(t, url, o)
			ask := func(want, sql string, values ...string) {
				t.Helper()
				if got, err := bound(t, e, sql, values...); err != nil || got != want {
					t.Errorf("%s %q gives %q, %v; want %q", sql, values, got, err, want)
				}
			}
			const byID, byText = "SELECT x FROM public.t WHERE id = $1::integer", "SELECT x FROM public.t WHERE x >= $1::text ORDER BY id"
			for range 3 {
				ask("b;", byID, "2")
				ask("", byID, "9")
				ask("it's;", byText, "it'")
				ask("1;", "SELECT $1::text", "1")
			}
			execute(t, url, "ALTER TABLE t ALTER x TYPE varchar(10)") // fails once where the statement is kept
			_, _ = bound(t, e, byID, "2")
			ask("b;", byID, "2")
			execute(t, url, "ALTER TABLE t ALTER x TYPE text")
			if _, err := bound(t, e, "SELECT 1 / $1::integer", "0"); sqlStateOf(err) != "22012" {
				t.Errorf("division by zero gives %v", err)
			}
			_, _ = bound(t, e, byID, "2")
			ask("b;", byID, "2")
			if _, err := bound(t, e, "INSERT INTO public.t VALUES ($1::integer) RETURNING 'x'", "7"); sqlStateOf(err) != "25006" {
				t.Errorf("writing gives %v", err)
			}
			ask("3;", "SELECT count(*)::text FROM public.t WHERE id > $1::integer", "0")
		})
	}
}

func sqlStateOf(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}

// TestFinishBoundClosedEarly: the rest of the rows is not waited for, and the engine goes on.
func TestFinishBoundClosedEarly(t *testing.T) {
	e := open(t, testservers.Postgres(t), Options{MaxConns: 1})
	for range 3 {
		rows, err := e.FinishBound(t.Context(), engine.Bound{SQL: "SELECT generate_series(1, $1::bigint)::text",
			Values: []mechanism.Cell{{Text: "100000000000"}}}, []catalog.Type{catalog.Of(catalog.Text)})
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() || rows.Values()[0].Text != "1" {
			t.Errorf("the first row is %v, %v", rows.Values(), rows.Err())
		}
		rows.Close()
		rows.Close()
	}
	if got, err := bound(t, e, "SELECT $1::text", "on"); err != nil || got != "on;" {
		t.Errorf("after it, the engine gives %q, %v", got, err)
	}
	if s := e.Pool(); s.Busy != 0 {
		t.Errorf("%d connections are busy", s.Busy)
	}
}
