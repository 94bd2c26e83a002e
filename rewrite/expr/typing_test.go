package expr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dpproxy/dpproxy/catalog"
)

// typeColumns creates a table with one column of each kind, named like it, and returns the columns.
func typeColumns(t *testing.T, exec func(string) error) map[catalog.Kind]Column {
	t.Helper()
	columns := map[catalog.Kind]Column{}
	var defs []string
	for _, k := range kindsHere() {
		name := fmt.Sprintf("c%d", k)
		typ := catalog.Of(k)
		defs = append(defs, name+" "+postgresType(typ))
		columns[k] = unbounded(name, typ)
	}
	if err := exec("CREATE TABLE w (" + strings.Join(defs, ", ") + ")"); err != nil {
		t.Fatal(err)
	}
	return columns
}

// What PostgreSQL answers for an operator or function over columns of every type must be what Builder says: the same type
// or, where PostgreSQL knows no such operator, an error of the same class. What dpproxy does not offer is listed.
func TestTypesAreThoseOfPostgres(t *testing.T) {
	conn := openPostgres(t)
	ctx := context.Background()
	columns := typeColumns(t, func(s string) error { _, err := conn.Exec(ctx, s); return err })
	b := &Builder{Mode: Public}
	checked := 0
	check := func(sql string, build func() (Expr, error)) {
		var want string
		err := conn.QueryRow(ctx, "SELECT pg_typeof("+sql+") FROM (SELECT) one LEFT JOIN w ON true").Scan(&want)
		e, refused := build()
		var pg *pgconn.PgError
		switch {
		case errors.As(err, &pg) && (pg.Code == "42883" || pg.Code == "42725" || pg.Code == "42804" || pg.Code == "42846" || pg.Code == "0A000"):
			if refused == nil {
				t.Errorf("%s: PostgreSQL says %s %s, Builder gives %s", sql, pg.Code, pg.Message, e.Type())
			}
		case err != nil:
			t.Errorf("%s: %v", sql, err)
		case refused != nil:
			if !notOffered(sql) {
				t.Errorf("%s: PostgreSQL gives %s, Builder says %v", sql, want, refused)
			}
		default:
			checked++
			got := plain(e.Type()).String()
			if got == "bpchar" {
				got = "character"
			}
			if got != want {
				t.Errorf("%s: type %s, PostgreSQL has %s", sql, got, want)
			}
			// What is printed has that type too.
			var printed string
			if err := conn.QueryRow(ctx, "SELECT pg_typeof("+Text(e, PostgreSQL)+") FROM (SELECT) one LEFT JOIN w ON true").Scan(&printed); err != nil {
				t.Errorf("%s prints %s: %v", sql, Text(e, PostgreSQL), err)
			} else if printed != want && !sameToSQL(printed, want) {
				t.Errorf("%s prints %s of type %s, not %s", sql, Text(e, PostgreSQL), printed, want)
			}
		}
	}
	name := func(k catalog.Kind) string { return "w." + columns[k].Name }
	for _, op := range []string{"+", "-", "*", "/", "%", "^", "=", "<", "||", "&", "<<"} {
		for _, l := range kindsHere() {
			for _, r := range kindsHere() {
				check(name(l)+" "+op+" "+name(r), func() (Expr, error) { return b.Op(op, columns[l], columns[r], 0) })
			}
			literal := literalFor(l, op)
			check(name(l)+" "+op+" '"+literal+"'", func() (Expr, error) { return b.Op(op, columns[l], untyped(literal), 0) })
		}
	}
	for _, k := range kindsHere() {
		check("- "+name(k), func() (Expr, error) { return b.Op("-", nil, columns[k], 0) })
		check("@ "+name(k), func() (Expr, error) { return b.Op("@", nil, columns[k], 0) })
	}
	for _, f := range Names() {
		if f == "position" || f == "pi" {
			continue
		}
		for _, l := range kindsHere() {
			check(f+"("+name(l)+")", func() (Expr, error) { return b.Call(f, []Expr{columns[l]}, 0) })
			if f == "date_trunc" || f == "date_part" {
				check(f+"('year', "+name(l)+")", func() (Expr, error) { return b.Call(f, []Expr{untyped("year"), columns[l]}, 0) })
				continue
			}
			for _, r := range []catalog.Kind{i4, i8, num, f8, txt, ts, itv} {
				check(f+"("+name(l)+", "+name(r)+")", func() (Expr, error) { return b.Call(f, []Expr{columns[l], columns[r]}, 0) })
			}
		}
	}
	for _, from := range kindsHere() {
		for _, to := range kindsHere() {
			check("CAST("+name(from)+" AS "+postgresType(catalog.Of(to))+")", func() (Expr, error) { return b.Cast(columns[from], catalog.Of(to), 0) })
			check("NULLIF("+name(from)+", "+name(to)+")", func() (Expr, error) { return b.NullIf(columns[from], columns[to], 0) })
			check("COALESCE("+name(from)+", "+name(to)+")", func() (Expr, error) { return b.Coalesce([]Expr{columns[from], columns[to]}, 0) })
		}
	}
	if checked < 500 {
		t.Errorf("only %d expressions were checked", checked)
	}
	t.Logf("%d expressions have PostgreSQL's type", checked)
}

// literalFor is an untyped literal that every candidate type can read.
func literalFor(k catalog.Kind, op string) string {
	if op != "=" && op != "<" && op != "-" {
		return "1"
	}
	switch k {
	case dat, ts, tz:
		return "2020-01-02"
	case tim:
		return "10:11"
	case catalog.UUID:
		return "00000000-0000-0000-0000-000000000001"
	}
	return "1"
}

// sameToSQL: varchar and text are interchangeable in an expression.
func sameToSQL(printed, want string) bool {
	texts := []string{"text", "character varying", "name"}
	return slices.Contains(texts, printed) && slices.Contains(texts, want)
}

// notOffered lists what PostgreSQL has and dpproxy leaves out.
func notOffered(sql string) bool {
	return strings.HasPrefix(sql, "age(") && !strings.Contains(sql, ",") // counts from the current date
}
