package rewrite

import (
	"maps"
	"slices"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Columns that a join or WHERE sets equal to a public column have its values: GROUP BY v.department_id over
// visits v JOIN departments d USING (department_id) has keys as public as d.department_id.

// countedPairs are the equalities that hold on every row that belongs to a unit. A row that an outer join keeps without a partner
// belongs to nobody where the kept side is public.
func countedPairs(f from) []pair {
	j, ok := f.(*join)
	if !ok {
		return nil
	}
	kept := map[string]from{"LEFT JOIN": j.l, "RIGHT JOIN": j.r}[j.kind]
	switch {
	case j.kind == "JOIN" || j.kind == "CROSS JOIN":
		return append(append(append([]pair{}, j.equal...), countedPairs(j.l)...), countedPairs(j.r)...)
	case kept == nil:
		return nil
	case kept.property() == Public:
		other := j.r
		if j.kind == "RIGHT JOIN" {
			other = j.l
		}
		return append(append([]pair{}, j.equal...), countedPairs(other)...)
	}
	return countedPairs(kept)
}

// equals knows which columns have the same value on every row that counts.
type equals struct {
	classes classes
	// byText are the columns of FROM by each way in which a pair may print them, and text one of these ways.
	byText map[string]expr.Column
	text   map[expr.ColumnKey]string
}

func (r *resolver) equalsOf(f from, pairs []pair) *equals {
	out := &equals{classes: classes{}, byText: map[string]expr.Column{}, text: map[expr.ColumnKey]string{}}
	out.classes.add(pairs)
	if len(out.classes) > 0 {
		r.eachColumn(f, out.note)
	}
	return out
}

func (q *equals) note(c expr.Column) {
	bare, key := c, expr.ColumnKey{Alias: c.Alias, Name: c.Name}
	bare.Clamp = false
	plain, shown := text(bare), text(c)
	q.classes.union(plain, shown) // as far as rows meet, both are one value
	q.byText[plain] = bare
	q.text[key] = plain
}

// eachColumn visits the columns of a FROM clause.
func (r *resolver) eachColumn(f from, see func(expr.Column)) {
	switch v := f.(type) {
	case *scan:
		for _, c := range v.table.Columns {
			if c.Type.Kind != catalog.Unsupported {
				see(r.columnOf(v, c))
			}
		}
	case *derived:
		for i, c := range v.q.columns() {
			see(expr.Column{Alias: v.alias, Name: columnName(i), Typ: c.Type, Dom: expr.Domain{Nullable: true}})
		}
	case *series:
		see(expr.Column{Alias: v.alias, Name: "c1", Typ: v.typ})
	case *join:
		r.eachColumn(v.l, see)
		r.eachColumn(v.r, see)
	}
}

// publicEqual finds a public column that always has a column's value, in the column's type.
func (p *publicPart) publicEqual(c expr.Column, eq *equals) (expr.Expr, bool) {
	own, known := eq.text[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
	if !known {
		return c, false
	}
	var found expr.Column
	best := ""
	for t, other := range eq.byText { // the first by name, so that the same query is the same text each time
		if p.has(other) && family(other.Typ) == family(c.Typ) && eq.classes.same(own, t) && (best == "" || t < best) {
			found, best = other, t
		}
	}
	if best == "" {
		return c, false
	}
	if found.Typ.Kind == c.Typ.Kind {
		return found, true
	}
	e, err := builder(Protected).Cast(found, catalog.Of(c.Typ.Kind), -1)
	return e, err == nil
}

// tie adds the equalities of public columns that hold on every row, also where only private ones between them show it.
func (p *publicPart) tie(eq *equals) {
	first := map[string]expr.Column{}
	for _, t := range slices.Sorted(maps.Keys(eq.byText)) {
		c := eq.byText[t]
		if !p.has(c) {
			continue
		}
		root := eq.classes.find(t)
		have, ok := first[root]
		if !ok {
			first[root] = c
			continue
		}
		if cond, err := builder(Protected).Op("=", have, c, -1); err == nil {
			p.conds = append(p.conds, cond)
		}
	}
}
