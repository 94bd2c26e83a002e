package sqltest

import (
	"fmt"
	"strings"
)

// expression is a random expression of a family over a relation's columns.
func (g *queryGenerator) expression(rel relation, family string, depth int) string {
	cols := rel.family(family)
	if len(cols) > 0 && (depth == 0 || g.chance(45)) {
		return pick(g.r, cols)
	}
	if depth == 0 {
		if c := g.converted(rel, family); c != "" && g.chance(60) {
			return c
		}
		return g.constant(family)
	}
	x := func() string { return g.expression(rel, family, depth-1) }
	switch g.r.Intn(7) {
	case 0:
		return "CASE WHEN " + g.predicate(rel, depth-1) + " THEN " + x() + " ELSE " + x() + " END"
	case 1:
		return "coalesce(" + x() + ", " + x() + ")"
	case 2:
		return "nullif(" + x() + ", " + x() + ")"
	}
	switch family {
	case "int":
		return g.integer(rel, depth, x)
	case "num", "real":
		y := g.expression(rel, g.one("int", family), depth-1)
		return g.one("("+x()+" + "+y+")", "("+x()+" * "+y+")", "("+x()+" / "+y+")", "("+x()+" - "+y+")", "abs("+x()+")", "round("+x()+")", "sqrt("+x()+")", "floor("+x()+")",
			"ln("+x()+")", "exp("+x()+")", "power("+x()+", 2)", "cast("+y+" AS "+g.one("numeric(6,1)", "double precision", "real")+")", "sign("+x()+")", "- "+x())
	case "text":
		return g.one("upper("+x()+")", x()+" || "+x(), "substring("+x()+" FROM 1 FOR 2)", "cast("+g.expression(rel, g.one("int", "date", "bool"), depth-1)+" AS text)",
			"replace("+x()+", 'a', 'b')", "left("+x()+", 2)", "trim("+x()+")", "lower("+x()+")", "split_part("+x()+", 'b', 1)", "repeat("+x()+", 2)")
	case "bool":
		return "(" + g.predicate(rel, depth-1) + ")"
	case "date":
		return g.one("cast("+g.expression(rel, "time", depth-1)+" AS date)", x()+" + "+g.expression(rel, "int", depth-1), "date_trunc('month', "+x()+")", "cast("+g.expression(rel, "text", depth-1)+" AS date)")
	case "time":
		return g.one("date_trunc('hour', "+x()+")", "cast("+g.expression(rel, "date", depth-1)+" AS timestamp)", x()+" + interval '1 day'", x()+" - interval '3 months'")
	}
	return g.constant(family)
}

func (g *queryGenerator) integer(rel relation, depth int, x func() string) string {
	switch g.r.Intn(6) {
	case 0:
		return "length(" + g.expression(rel, "text", depth-1) + ")"
	case 1:
		return "cast(extract(" + g.one("year", "month", "day", "doy") + " FROM " + g.expression(rel, g.one("date", "time"), depth-1) + ") AS integer)"
	case 2:
		return "cast(" + g.expression(rel, g.one("real", "num", "text", "bool"), depth-1) + " AS " + g.one("integer", "bigint", "smallint") + ")"
	case 3:
		return g.one("abs", "sign") + "(" + x() + ")"
	}
	return "(" + x() + g.one(" + ", " - ", " * ", " / ", " % ") + x() + ")"
}

// converted is a column of another family, cast.
func (g *queryGenerator) converted(rel relation, family string) string {
	from := map[string][]string{"int": {"place", "event", "num", "real"}, "num": {"int"}, "real": {"int", "num"}, "text": {"int", "date"}, "date": {"time"}, "time": {"date"}}[family]
	typ := map[string]string{"int": "bigint", "num": "numeric(9,2)", "real": "double precision", "text": "text", "date": "date", "time": "timestamp"}[family]
	for _, f := range from {
		if cols := rel.family(f); len(cols) > 0 {
			return "cast(" + pick(g.r, cols) + " AS " + typ + ")"
		}
	}
	return ""
}

func (g *queryGenerator) constant(family string) string {
	switch family {
	case "int", "place", "event":
		return g.one("0", "1", "2", "5", "-1", "17", "2147483647")
	case "num":
		return g.one("0.5", "1.25", "-3", "100000000000000000000", "0.001")
	case "real":
		return g.one("CAST(0.5 AS double precision)", "CAST(1e300 AS double precision)", "CAST(-2 AS real)")
	case "text":
		return g.one("'a'", "'b'", "''", "'abc'")
	case "bool":
		return g.one("TRUE", "FALSE")
	case "date":
		return g.one("DATE '2020-02-29'", "DATE '2021-06-15'")
	case "time":
		return "TIMESTAMP '2021-03-04 05:06:07'"
	case "key":
		return g.w.units[0]
	}
	return "NULL"
}

// predicate is a random condition.
func (g *queryGenerator) predicate(rel relation, depth int) string {
	if depth > 0 && g.chance(30) {
		l, r := g.predicate(rel, depth-1), g.predicate(rel, depth-1)
		return g.one("("+l+" AND "+r+")", "("+l+" OR "+r+")", "NOT ("+l+")")
	}
	if depth > 1 && g.chance(20) {
		if s := g.subQuery(rel); s != "" {
			return s
		}
	}
	family := g.one("int", "int", "num", "real", "text", "date", "time", "bool")
	x := g.expression(rel, family, max(depth-1, 0))
	switch n := g.r.Intn(9); {
	case family == "bool":
		return x + g.one("", " IS TRUE", " IS NOT TRUE", " IS NULL")
	case n == 0:
		return x + g.one(" IS NULL", " IS NOT NULL")
	case n == 1:
		return x + g.one(" IN (", " NOT IN (") + g.constant(family) + ", " + g.constant(family) + ")"
	case n == 2:
		return x + " BETWEEN " + g.constant(family) + " AND " + g.constant(family)
	case n == 3:
		return x + " IS DISTINCT FROM " + g.expression(rel, family, 0)
	case n == 4 && family == "text":
		return x + g.one(" LIKE 'a%'", " NOT LIKE '%b_'", " ILIKE '%A%'", " ~ '^[ab]'")
	}
	return x + g.one(" = ", " <> ", " < ", " <= ", " > ", " >= ") + g.expression(rel, family, 0)
}

// subQuery is EXISTS or IN over the same unit or over a public table.
func (g *queryGenerator) subQuery(rel relation) string {
	not := g.one("", "", "NOT ")
	if rel.unit != "" && !strings.HasPrefix(rel.unit, "coalesce") && g.chance(70) {
		inner := g.relation(1, true)
		if inner.unit == "" || strings.HasPrefix(inner.unit, "coalesce") {
			return ""
		}
		if g.chance(50) {
			return fmt.Sprintf("%sEXISTS (SELECT 1 FROM %s WHERE %s = %s AND %s)", not, inner.from, inner.unit, rel.unit, g.predicate(inner, 0))
		}
		return fmt.Sprintf("%s %sIN (SELECT %s FROM %s WHERE %s)", rel.unit, not, inner.unit, inner.from, g.predicate(inner, 0))
	}
	public := g.relation(0, false)
	places := rel.family("place")
	left := g.expression(rel, "int", 0)
	if len(places) > 0 {
		left = pick(g.r, places)
	}
	if g.chance(50) {
		return fmt.Sprintf("%s %sIN (SELECT %s FROM %s WHERE %s)", left, not, public.family("place")[0], public.from, g.predicate(public, 0))
	}
	return fmt.Sprintf("%sEXISTS (SELECT 1 FROM %s WHERE %s = %s AND %s)", not, public.from, public.family("place")[0], left, g.predicate(public, 0))
}
