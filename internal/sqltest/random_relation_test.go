package sqltest

import (
	"fmt"
	"strings"
)

// relation is a random FROM clause; private ones have a unit.
func (g *queryGenerator) relation(depth int, private bool) relation {
	if !private {
		return g.table(pick(g.r, g.w.tables[4:]))
	}
	n := g.r.Intn(20)
	if depth == 0 {
		n = 0
	}
	switch {
	case n < 5:
		return g.table(pick(g.r, g.w.tables[:4]))
	case n < 8:
		return g.joinOfPrivate(depth)
	case n < 11:
		return g.joinWithPublic(depth)
	case n < 13:
		return g.derived(g.projected(depth-1), false)
	case n < 17:
		return g.derived(g.perUnit(depth-1), false)
	case n < 18:
		return g.union(depth - 1)
	case n < 19:
		return g.windowed(depth - 1)
	}
	if len(g.named) > 0 && g.chance(50) {
		return g.again(pick(g.r, g.named))
	}
	return g.derived(g.projected(depth-1), true)
}

// table reads a table under a fresh alias.
func (g *queryGenerator) table(t *randomTable) relation {
	alias := g.name("t")
	rel := relation{from: t.name + " AS " + alias, plain: true}
	for _, c := range t.all() {
		rel.cols = append(rel.cols, column{alias + "." + c.name, c.family})
		if c.family == "key" {
			rel.unit = alias + "." + c.name
		}
	}
	return rel
}

// shaped is a sub-query with what its columns are.
type shaped struct {
	sql  string
	cols []column // e is the name
	unit string   // name of the column that shows the unit, or ""
	// hidden says that it is private although it shows no unit.
	private bool
}

// derived puts a sub-query into FROM, or behind a name of WITH.
func (g *queryGenerator) derived(s shaped, with bool) relation {
	alias := g.name("s")
	rel := relation{from: "(" + s.sql + ") AS " + alias}
	if with {
		cte := g.name("w")
		g.ctes = append(g.ctes, cte+" AS ("+s.sql+")")
		rel.from = cte + " AS " + alias
		g.named = append(g.named, relation{from: cte, cols: s.cols, unit: s.unit})
	}
	return over(rel, alias, s)
}

func over(rel relation, alias string, s shaped) relation {
	for _, c := range s.cols {
		rel.cols = append(rel.cols, column{alias + "." + c.e, c.family})
	}
	if s.unit != "" {
		rel.unit = alias + "." + s.unit
	}
	return rel
}

func (g *queryGenerator) again(named relation) relation {
	alias := g.name("s")
	return over(relation{from: named.from + " AS " + alias}, alias, shaped{cols: named.cols, unit: named.unit})
}

// projected keeps rows: a filter and expressions, sometimes DISTINCT, sometimes without the unit's column.
func (g *queryGenerator) projected(depth int) shaped {
	rel := g.relation(depth, true)
	out := shaped{private: true}
	var items []string
	if rel.unit != "" && g.chance(85) {
		out.unit = "who"
		items = append(items, rel.unit+" AS who")
		out.cols = append(out.cols, column{"who", "key"})
	}
	for range 2 + g.r.Intn(3) {
		family := g.one("int", "num", "real", "text", "bool", "date")
		name := g.name("c")
		items = append(items, g.expression(rel, family, 1)+" AS "+name)
		out.cols = append(out.cols, column{name, family})
	}
	for _, c := range rel.cols {
		if (c.family == "event" || c.family == "place") && g.chance(40) {
			name := g.name("c")
			items = append(items, c.e+" AS "+name)
			out.cols = append(out.cols, column{name, c.family})
		}
	}
	distinct := ""
	if g.chance(20) {
		distinct = "DISTINCT "
	}
	out.sql = "SELECT " + distinct + strings.Join(items, ", ") + " FROM " + rel.from
	if g.chance(50) {
		out.sql += " WHERE " + g.predicate(rel, 1)
	}
	return out
}

// perUnit groups by the unit, and perhaps by more.
func (g *queryGenerator) perUnit(depth int) shaped {
	rel := g.relation(depth, true)
	if rel.unit == "" {
		return g.projected(depth)
	}
	out := shaped{unit: "who", private: true, cols: []column{{"who", "key"}}}
	items, groups := []string{rel.unit + " AS who"}, []string{rel.unit}
	if g.chance(35) {
		name := g.name("c")
		k := pick(g.r, rel.cols)
		items, groups = append(items, k.e+" AS "+name), append(groups, k.e)
		out.cols = append(out.cols, column{name, k.family})
	}
	count := ""
	for range 1 + g.r.Intn(3) {
		name, call, family := g.name("c"), "count(*)", "int"
		switch g.r.Intn(8) {
		case 0, 1:
			call, family = "sum("+g.bounded(rel)+")", "num"
		case 2:
			call, family = "avg("+g.bounded(rel)+")", "num"
		case 3:
			call, family = g.one("min", "max")+"("+g.expression(rel, "int", 1)+")", "int"
		case 4:
			call, family = "bool_or("+g.predicate(rel, 1)+")", "bool"
		case 5:
			call, family = "count(DISTINCT "+g.expression(rel, g.one("int", "text"), 0)+")", "int"
		case 6:
			call, family = g.one("min", "max")+"("+g.expression(rel, g.one("date", "text", "real"), 0)+")", "any"
		}
		if g.chance(10) {
			call += " FILTER (WHERE " + g.predicate(rel, 1) + ")"
		}
		count = call
		items = append(items, call+" AS "+name)
		out.cols = append(out.cols, column{name, family})
	}
	out.sql = "SELECT " + strings.Join(items, ", ") + " FROM " + rel.from
	if g.chance(40) {
		out.sql += " WHERE " + g.predicate(rel, 1)
	}
	out.sql += " GROUP BY " + strings.Join(groups, ", ")
	if g.chance(20) {
		out.sql += " HAVING " + g.one("count(*) > 1", "count(*) < 4", count+" IS NOT NULL")
	}
	return out
}

// windowed has a window function, mostly within the unit.
func (g *queryGenerator) windowed(depth int) relation {
	rel := g.relation(depth, true)
	if rel.unit == "" || len(rel.cols) == 0 {
		return rel
	}
	partition := "PARTITION BY " + rel.unit
	if g.chance(10) {
		partition = ""
	}
	call := g.one("row_number()", "count(*)", "rank()", "dense_rank()", "lag("+g.expression(rel, "int", 0)+")", "sum("+g.bounded(rel)+")")
	order := " ORDER BY " + pick(g.r, rel.cols).e
	if strings.HasPrefix(call, "count") && g.chance(50) {
		order = ""
	}
	s := shaped{unit: "who", private: true, cols: []column{{"who", "key"}, {"x", "int"}, {"w", "int"}}}
	s.sql = fmt.Sprintf("SELECT %s AS who, %s AS x, %s OVER (%s%s) AS w FROM %s", rel.unit, g.expression(rel, "int", 0), call, partition, order, rel.from)
	return g.derived(s, false)
}

// union stacks two private relations.
func (g *queryGenerator) union(depth int) relation {
	var sides []string
	for range 2 + g.r.Intn(2) {
		rel := g.relation(depth, true)
		unit := rel.unit
		if unit == "" {
			return rel
		}
		side := fmt.Sprintf("SELECT %s AS who, %s AS x, %s AS y FROM %s", unit, g.expression(rel, "int", 1), g.expression(rel, "text", 0), rel.from)
		if g.chance(10) {
			side = fmt.Sprintf("SELECT %s AS x, %s AS who, %s AS y FROM %s", g.expression(rel, "int", 1), unit, g.expression(rel, "text", 0), rel.from)
		}
		sides = append(sides, side)
	}
	s := shaped{sql: strings.Join(sides, " UNION ALL "), unit: "who", private: true, cols: []column{{"who", "key"}, {"x", "int"}, {"y", "text"}}}
	return g.derived(s, false)
}

// joinOfPrivate joins two private relations, mostly on the unit or along a reference.
func (g *queryGenerator) joinOfPrivate(depth int) relation {
	l, r := g.relation(depth-1, true), g.relation(depth-1, true)
	var on []string
	if l.unit != "" && r.unit != "" && g.chance(95) {
		on = append(on, l.unit+" = "+r.unit)
	}
	if le, re := l.family("event"), r.family("event"); len(le) > 0 && len(re) > 0 && (len(on) == 0 || g.chance(30)) {
		on = append(on, pick(g.r, le)+" = "+pick(g.r, re))
	}
	both := relation{cols: append(append([]column{}, l.cols...), r.cols...), unit: l.unit}
	if g.chance(25) {
		on = append(on, g.predicate(both, 1))
	}
	if len(on) == 0 {
		on = append(on, "TRUE")
	}
	kind := g.one("JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "RIGHT JOIN", "FULL JOIN")
	both.from = fmt.Sprintf("%s %s %s ON %s", l.from, kind, bracketed(r.from), strings.Join(on, " AND "))
	both.plain = true
	switch {
	case kind == "RIGHT JOIN", l.unit == "":
		both.unit = r.unit
	case kind == "FULL JOIN" && r.unit != "":
		both.unit = "coalesce(" + l.unit + ", " + r.unit + ")"
	case kind == "JOIN" && r.unit != "" && g.chance(50):
		both.unit = r.unit
	}
	return both
}

func bracketed(from string) string {
	if strings.Contains(from, " JOIN ") && !strings.HasPrefix(from, "(SELECT") {
		return "(" + from + ")"
	}
	return from
}

// family lists a relation's plain columns of one family.
func (rel relation) family(name string) []string {
	var out []string
	for _, c := range rel.cols {
		if c.family == name {
			out = append(out, c.e)
		}
	}
	return out
}

// joinWithPublic joins a private relation with a public table.
func (g *queryGenerator) joinWithPublic(depth int) relation {
	l, r := g.relation(depth-1, true), g.relation(0, false)
	both := relation{cols: append(append([]column{}, l.cols...), r.cols...), unit: l.unit, plain: true}
	kind := g.one("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN")
	on := ""
	if kind != "CROSS JOIN" {
		places := l.family("place")
		left := g.expression(l, "int", 1)
		if len(places) > 0 {
			left = pick(g.r, places)
		}
		right := r.family("place")[0]
		on = " ON " + left + g.one(" = ", " = ", " = ", " < ", " <> ") + right
		if kind == "FULL JOIN" || strings.Contains(on, "<") && kind == "RIGHT JOIN" {
			on = " ON " + left + " = " + right
		}
		if g.chance(20) && kind != "FULL JOIN" {
			on += " AND " + g.predicate(both, 1)
		}
	}
	both.from = l.from + " " + kind + " " + r.from + on
	if g.chance(30) && (kind == "LEFT JOIN" || kind == "RIGHT JOIN") { // the public table first
		both.from = r.from + " " + kind + " " + bracketed(l.from) + on
	}
	return both
}
