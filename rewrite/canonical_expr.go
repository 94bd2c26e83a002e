package rewrite

import (
	"sort"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// text is the canonical text of an expression over the rows.
func (c *canon) text(e expr.Expr) string {
	if e == nil {
		return ""
	}
	return expr.Canonical(c.stand(e))
}

// condition is the canonical text of a filter: rows of which it is not known do not pass.
func (c *canon) condition(e expr.Expr) string {
	if e == nil {
		return ""
	}
	return strings.Join(expr.Conjuncts(c.stand(e)), " AND ")
}

// unitText is the unit's.
func (c *canon) unitText(u unit) string {
	if u.e == nil {
		return "row"
	}
	e := c.expr(u.e)
	if col, ok := e.(expr.Column); ok {
		if eq, ok := c.equal[expr.Canonical(col)]; ok {
			e = eq.asUnit
		}
	}
	return expr.Canonical(e)
}

// stand is an expression under canonical names, in which one of equal columns stands for all of them.
func (c *canon) stand(e expr.Expr) expr.Expr {
	return c.oneOfEqual(c.expr(e))
}

// expr is an expression under canonical names, over columns as their tables have them. Where that cannot be built, as when only
// WHERE bounds what is multiplied, the columns keep the bounds that they have in the query.
func (c *canon) expr(e expr.Expr) expr.Expr {
	was := c.broken
	defer func() { c.broken = was }()
	for _, declared := range []bool{true, false} {
		c.broken = false
		out, err := expr.TryRewrite(e, func(e expr.Expr) (expr.Expr, bool) { return c.rename(e, declared) })
		if err == nil && !c.broken {
			return out
		}
	}
	c.fault = true
	return e
}

// rename replaces columns and sub-queries. What it does not know makes the canon fail, as it could hold names of the SQL.
func (c *canon) rename(e expr.Expr, declared bool) (expr.Expr, bool) {
	switch v := e.(type) {
	case expr.Column:
		return c.column(v, declared), true
	case *subQuery:
		return c.subQuery(v), true
	case notNull:
		out, err := builder(Protected).IsNull(c.expr(v.e), true, -1)
		if err != nil {
			c.fault = true
		}
		return out, true
	case tieBreak:
		col, ok := c.column(v.c, declared).(expr.Column)
		c.fault = c.fault || !ok
		return tieBreak{col}, true
	case aggregateCall:
		if v.fn == "count" && !v.distinct && len(v.args) == 1 && !v.args[0].Domain().Nullable {
			v.star, v.args = true, nil
			out, err := expr.TryRewrite(v, func(e expr.Expr) (expr.Expr, bool) { return c.rename(e, declared) })
			c.broken = c.broken || err != nil
			return out, true
		}
		return nil, false
	case windowCall:
		out, err := expr.TryRewrite(v, func(e expr.Expr) (expr.Expr, bool) {
			if _, itself := e.(windowCall); itself {
				return nil, false
			}
			return c.rename(e, declared)
		})
		c.broken = c.broken || err != nil
		if w, ok := out.(windowCall); ok {
			w.order = c.decisive(w.order)
			return w, true
		}
		return out, true
	case expr.Const:
		return nil, false
	}
	if !expr.Composed(e) {
		c.fault = true
	}
	return nil, false
}

// decisive leaves out the terms of an order behind one that no two rows have in common: the key of the only table.
func (c *canon) decisive(order []order) []order {
	if len(c.root.parts) != 1 || c.root.parts[0].leaf == nil || c.root.parts[0].leaf.scan == nil {
		return order
	}
	l := c.root.parts[0].leaf
	for i, o := range order {
		col, ok := o.e.(expr.Column)
		if t, breaks := o.e.(tieBreak); breaks {
			col, ok = t.c, true
		}
		if !ok || col.Alias != l.alias || col.Clamp {
			continue
		}
		for _, stored := range l.scan.table.Columns {
			if stored.SourceName == col.Name && stored.Unique && !stored.Nullable {
				return order[:i+1]
			}
		}
	}
	return order
}

// column is what a column of the SQL stands for.
func (c *canon) column(v expr.Column, declared bool) expr.Expr {
	if d, ok := c.inside[v.Alias]; ok {
		key := v.Name + " " + v.Alias + " " + strconv.FormatBool(declared)
		if e, ok := c.memo[key]; ok {
			return e
		}
		e := d.q.shows(v.Name)
		if e == nil {
			c.fault = true
			return v
		}
		e, err := expr.TryRewrite(e, func(e expr.Expr) (expr.Expr, bool) { return c.rename(e, declared) })
		if err != nil || c.broken { // and so what is around it cannot be built
			c.broken = true
			return v
		}
		c.memo[key] = e
		return e
	}
	l, ok := c.leaves[v.Alias]
	switch {
	case !ok && c.outer != nil:
		return c.outer.column(v, declared)
	case !ok:
		c.fault = true
		return v
	case l.shown != nil:
		v.Name = l.shown(v.Name)
	case declared:
		v = c.stored(l, v)
	}
	v.Alias = l.alias
	return v
}

// stored is a table's column with the bounds of its declaration.
func (c *canon) stored(l *leaf, v expr.Column) expr.Column {
	for _, col := range l.scan.table.Columns {
		if col.SourceName == v.Name {
			out := c.r.columnOf(l.scan, col)
			out.Clamp = out.Clamp && v.Clamp // a key's values are dropped, not moved
			out.Dom.Nullable = out.Dom.Nullable || l.nullable
			return out
		}
	}
	c.fault = true
	return v
}

// shows is the expression that a block's column c1, c2, … or u is; nil if there is none.
func (q *query) shows(column string) expr.Expr {
	for i, it := range q.items {
		if column == "c"+strconv.Itoa(i+1) {
			return it.e
		}
	}
	if column == "u" {
		return q.unit.e
	}
	return nil
}

// findEqual notes the columns that the conditions of a region set equal.
func (c *canon) findEqual(g *region) {
	eq, columns := classes{}, map[string]expr.Column{}
	for _, cond := range g.conds {
		for _, t := range flattened(c.expr(cond)) {
			l, r, ok := equalColumns(t)
			if !ok {
				continue
			}
			a, b := expr.Canonical(l), expr.Canonical(r)
			columns[a], columns[b] = l, r
			eq.union(a, b)
		}
	}
	var texts []string
	for t := range columns {
		texts = append(texts, t)
	}
	sort.Strings(texts)
	for _, t := range texts {
		e := equalTo{always: columns[t], asUnit: columns[t]}
		found := false
		for _, other := range texts {
			if !eq.same(t, other) {
				continue
			}
			if !found {
				e.asUnit, found = columns[other], true
			}
			if columns[other].Typ == columns[t].Typ {
				e.always = columns[other]
				break
			}
		}
		c.equal[t] = e
	}
	for _, p := range g.parts {
		if p.leaf == nil {
			c.findEqual(p.l)
			c.findEqual(p.r)
		}
	}
}

// flattened are the terms of a conjunction.
func flattened(e expr.Expr) []expr.Expr {
	if expr.Operator(e) != "AND" && !expr.IsTrue(e) {
		return []expr.Expr{e}
	}
	var out []expr.Expr
	for _, t := range e.Children() {
		out = append(out, flattened(t)...)
	}
	return out
}

// equalColumns tells that a condition sets two columns equal of which equal values are the same value: 1.0 and 1.00 are not.
func equalColumns(e expr.Expr) (l, r expr.Column, ok bool) {
	if expr.Operator(e) != "=" || len(e.Children()) != 2 {
		return l, r, false
	}
	l, ok1 := e.Children()[0].(expr.Column)
	r, ok2 := e.Children()[1].(expr.Column)
	return l, r, ok1 && ok2 && sameValues(l.Typ, r.Typ)
}

func sameValues(a, b catalog.Type) bool {
	switch {
	case a.Array || b.Array:
		return false
	case a.IsInteger() && b.IsInteger():
		return true
	case a.Kind != b.Kind:
		return false
	}
	switch a.Kind {
	case catalog.Text, catalog.Varchar, catalog.Date, catalog.UUID, catalog.Bool, catalog.Timestamp:
		return true
	}
	return false
}

// conditions are the canonical texts of a region's conditions.
func (c *canon) conditions(g *region) []string {
	var out []string
	groups, present := map[string][]string{}, map[string]bool{}
	var maybe []expr.Expr // IS NOT NULL
	for _, cond := range g.conds {
		for _, t := range flattened(c.expr(cond)) {
			if l, _, ok := equalColumns(t); ok {
				rep, ends := expr.Canonical(c.equal[expr.Canonical(l)].asUnit), t.Children()
				if expr.Canonical(ends[0]) == expr.Canonical(ends[1]) { // a row that was joined with itself by its key
					maybe = append(maybe, isPresent(c.oneOfEqual(ends[0])))
					continue
				}
				for _, side := range ends {
					groups[rep] = append(groups[rep], expr.Canonical(side))
					present[expr.Canonical(c.oneOfEqual(side))] = true
				}
				continue
			}
			t = c.oneOfEqual(t)
			if isNotNull(t) {
				maybe = append(maybe, t)
				continue
			}
			for _, side := range comparedSides(t) {
				present[expr.Canonical(side)] = true
			}
			out = append(out, expr.Conjuncts(t)...)
		}
	}
	for _, members := range groups {
		if members = expr.Once(members); len(members) > 1 {
			out = append(out, "("+strings.Join(members, " = ")+")")
		}
	}
	for _, t := range maybe {
		of := t.Children()[0]
		if of.Domain().Nullable && !present[expr.Canonical(of)] {
			out = append(out, expr.Conjuncts(t)...)
		}
	}
	return expr.Once(out)
}

// oneOfEqual is stand for what has its canonical names already.
func (c *canon) oneOfEqual(e expr.Expr) expr.Expr {
	out, err := expr.TryRewrite(e, func(e expr.Expr) (expr.Expr, bool) {
		col, ok := e.(expr.Column)
		if !ok {
			return nil, false
		}
		eq, ok := c.equal[expr.Canonical(col)]
		return eq.always, ok
	})
	if err != nil {
		return e
	}
	return out
}

// isPresent is the condition that a column is not NULL.
func isPresent(e expr.Expr) expr.Expr {
	out, err := builder(Protected).IsNull(e, true, -1)
	if err != nil {
		return notNull{e}
	}
	return out
}

// isNotNull tells that a condition is IS NOT NULL of something.
func isNotNull(e expr.Expr) bool {
	if expr.Operator(e) != "IS NULL" {
		return false
	}
	same, err := builder(Protected).IsNull(e.Children()[0], true, -1)
	return err == nil && text(same) == text(e)
}

// comparedSides are the operands of a comparison, neither of which is NULL where it holds.
func comparedSides(e expr.Expr) []expr.Expr {
	switch expr.Operator(e) {
	case "=", "<>", "<", "<=", ">", ">=":
		return e.Children()
	}
	return nil
}
