package sqltest

import (
	"fmt"
	"math/rand"
	"strings"
)

// queryGenerator writes random SQL over a world: mostly what should be answered, some of what should not. Whatever the
// planner accepts must pass the stability check.
type queryGenerator struct {
	r     *rand.Rand
	w     *world
	names int
	ctes  []string // "name AS (…)"
	named []relation
}

// relation is something that may stand in FROM.
type relation struct {
	from  string // FROM item
	cols  []column
	unit  string // column that holds the unit, "" for public relations
	plain bool   // a join of tables, which may be joined on
}

// column is an expression over a relation, with its family: int, num, real, text, bool, date, time, key, event, place.
type column struct{ e, family string }

func (g *queryGenerator) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

func (g *queryGenerator) one(of ...string) string { return pick(g.r, of) }

func (g *queryGenerator) chance(percent int) bool { return g.r.Intn(100) < percent }

// query is a whole statement.
func (g *queryGenerator) query() string {
	g.names, g.ctes, g.named = 0, nil, nil
	body := ""
	switch n := g.r.Intn(20); {
	case n < 14:
		body = g.aggregated(3, true)
	case n < 16:
		body = fmt.Sprintf("SELECT %s FROM (%s) AS o", g.one("*", "count(*), sum(a1)", "avg(a1), max(a1)", "sum(a1) * 2 + 1"), g.aggregated(2, false))
	case n < 18:
		body = fmt.Sprintf("SELECT a1 FROM (%s) AS x UNION ALL SELECT a1 FROM (%s) AS y", g.aggregated(2, false), g.aggregated(2, false))
	default:
		body = fmt.Sprintf("SELECT x.a1, y.a1 FROM (%s) AS x CROSS JOIN (%s) AS y", g.aggregated(2, false), g.aggregated(2, false))
	}
	if len(g.ctes) > 0 {
		body = "WITH " + strings.Join(g.ctes, ", ") + " " + body
	}
	return body
}

// aggregated is a SELECT with aggregates over private rows; its first aggregate is called a1.
func (g *queryGenerator) aggregated(depth int, top bool) string {
	rel := g.relation(depth, true)
	var keys, items []string
	for range []int{0, 1, 1, 1, 2, 2}[g.r.Intn(6)] {
		keys = append(keys, g.key(rel))
	}
	for i, k := range keys {
		items = append(items, fmt.Sprintf("%s AS k%d", k, i+1))
	}
	var aggs []string
	for i := range 1 + g.r.Intn(3) {
		a := g.aggregate(rel)
		aggs = append(aggs, a)
		if g.chance(10) {
			a = g.one("1.0 * %s", "coalesce(%s, 0)", "CASE WHEN %[1]s > 3 THEN %[1]s END", "round(%s)")
			a = fmt.Sprintf(a, aggs[i])
		}
		items = append(items, fmt.Sprintf("%s AS a%d", a, i+1))
	}
	q := "SELECT " + strings.Join(items, ", ") + " FROM " + rel.from
	if g.chance(60) {
		q += " WHERE " + g.predicate(rel, 2)
	}
	if len(keys) > 0 {
		q += " GROUP BY " + g.groupBy(keys)
	}
	if len(keys) > 0 && g.chance(12) {
		q += " HAVING " + aggs[0] + g.one(" > 1", " IS NOT NULL", " BETWEEN -3 AND 1000")
	}
	if top && g.chance(15) {
		q += " ORDER BY a1" + g.one("", " DESC", " NULLS FIRST") + g.one("", " LIMIT 3", " LIMIT 2 OFFSET 1")
	}
	return q
}

func (g *queryGenerator) groupBy(keys []string) string {
	positions := make([]string, len(keys))
	for i := range keys {
		positions[i] = fmt.Sprint(i + 1)
	}
	list := strings.Join(positions, ", ")
	if g.chance(10) && len(keys) > 0 {
		list = strings.Join(keys, ", ")
		switch g.r.Intn(4) {
		case 0:
			return "ROLLUP (" + list + ")"
		case 1:
			return "CUBE (" + list + ")"
		case 2:
			return "GROUPING SETS ((" + list + "), ())"
		}
	}
	return list
}

// aggregate is one aggregate call.
func (g *queryGenerator) aggregate(rel relation) string {
	filter := ""
	if g.chance(15) {
		filter = " FILTER (WHERE " + g.predicate(rel, 1) + ")"
	}
	number := func() string { return g.bounded(rel) }
	switch n := g.r.Intn(26); {
	case n < 4:
		return "count(*)" + filter
	case n < 6:
		return "count(" + g.expression(rel, g.one("int", "text", "real", "date", "bool"), 1) + ")" + filter
	case n < 9 && rel.unit != "":
		return "count(DISTINCT " + rel.unit + ")" + filter
	case n < 14:
		return "sum(" + number() + ")" + filter
	case n < 18:
		return "avg(" + number() + ")" + filter
	case n < 21:
		return g.one("variance", "stddev", "var_pop", "var_samp", "stddev_pop", "stddev_samp") + "(" + number() + ")" + filter
	case n < 22:
		return "count(DISTINCT " + g.expression(rel, g.one("int", "text", "date"), 1) + ")" + filter
	case n < 23:
		return g.one("min", "max", "median") + "(" + number() + ")" + filter
	case n < 24:
		return g.one("percentile_cont", "percentile_disc") + g.one("(0.5)", "(0.9)", "(ARRAY[0.1, 0.5])", "(0)", "(1)") + " WITHIN GROUP (ORDER BY " + number() + ")" + filter
	case n < 25:
		return g.one("corr", "covar_pop", "covar_samp", "regr_slope", "regr_count", "regr_r2") + "(" + number() + ", " + number() + ")" + filter
	}
	return "sum(CASE WHEN " + g.predicate(rel, 1) + " THEN 1 ELSE 0 END)"
}

// bounded is a number that mostly has bounds.
func (g *queryGenerator) bounded(rel relation) string {
	e := g.expression(rel, g.one("int", "int", "num", "real"), 2)
	if g.chance(60) {
		lo := g.r.Intn(40) - 20
		return fmt.Sprintf("least(greatest(%s, %d), %d)", e, lo, lo+1+g.r.Intn(100))
	}
	return e
}

// key is a group key.
func (g *queryGenerator) key(rel relation) string {
	switch g.r.Intn(10) {
	case 0:
		return "CASE WHEN " + g.predicate(rel, 1) + " THEN 'yes' WHEN " + g.predicate(rel, 1) + " THEN 'maybe' END"
	case 1:
		return "width_bucket(" + g.expression(rel, "real", 1) + ", 0, 10, 3)"
	case 2:
		return "date_trunc('" + g.one("year", "month", "decade") + "', " + g.expression(rel, g.one("date", "time"), 0) + ")"
	case 3:
		return "extract(" + g.one("year", "month", "dow", "quarter") + " FROM " + g.expression(rel, g.one("date", "time"), 0) + ")"
	case 4:
		return g.predicate(rel, 1)
	case 5:
		return g.expression(rel, "int", 1) + " % 3"
	}
	if len(rel.cols) > 0 {
		return pick(g.r, rel.cols).e
	}
	return g.expression(rel, "int", 1)
}
