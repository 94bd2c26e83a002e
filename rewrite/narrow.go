package rewrite

import "github.com/dpproxy/dpproxy/rewrite/expr"

// NarrowDomains: what WHERE, ON, FILTER, HAVING and a CASE's conditions imply of columns bounds what is computed from them. The
// engine may evaluate an expression before it filters, so the narrower bounds are enforced by a clamp, which changes no row that
// passes.

// narrowColumns lays facts onto the columns of an expression.
func narrowColumns(e expr.Expr, facts map[expr.ColumnKey]expr.Domain) expr.Expr {
	if len(facts) == 0 {
		return e
	}
	return expr.Rewrite(e, func(e expr.Expr) (expr.Expr, bool) {
		c, ok := e.(expr.Column)
		if !ok {
			return nil, false
		}
		d, ok := facts[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
		if !ok || d.Lo == nil && d.Hi == nil {
			return nil, false
		}
		was := c.Dom
		if c.Dom = was.Intersect(withNullOf(d, was)); crossed(c.Dom) {
			return nil, false
		}
		c.Dom, c.Clamp = c.Dom.Aligned(), true
		return c, true
	})
}

// both joins facts that hold at once.
func both(a, b map[expr.ColumnKey]expr.Domain) map[expr.ColumnKey]expr.Domain {
	out := map[expr.ColumnKey]expr.Domain{}
	for k, d := range a {
		out[k] = d
	}
	for k, d := range b {
		if have, ok := out[k]; ok {
			d = have.Intersect(d)
		}
		out[k] = d
	}
	return out
}

// innerPairs are the equalities of the inner joins that stand over everything else.
func innerPairs(f from) []pair {
	j, ok := f.(*join)
	if !ok || j.kind != "JOIN" && j.kind != "CROSS JOIN" {
		return nil
	}
	return append(append(append([]pair{}, j.equal...), innerPairs(j.l)...), innerPairs(j.r)...)
}

// narrowByEquality gives columns that are equal on every row the bounds of each other.
func (r *resolver) narrowByEquality(sc *scope, pairs []pair, fixed map[expr.ColumnKey]bool) {
	if len(pairs) == 0 {
		return
	}
	byText := map[string]expr.Column{}
	for _, c := range sc.cols {
		if col, ok := c.e.(expr.Column); ok {
			bare := col
			bare.Clamp = false
			byText[text(bare)], byText[text(col)] = col, col
		}
	}
	by := map[expr.ColumnKey]expr.Domain{}
	for _, p := range pairsOf(pairs) {
		l, ok1 := byText[p.l]
		rt, ok2 := byText[p.r]
		if !ok1 || !ok2 || family(l.Typ) != family(rt.Typ) {
			continue
		}
		for _, side := range [2][2]expr.Column{{l, rt}, {rt, l}} {
			to, of := expr.ColumnKey{Alias: side[0].Alias, Name: side[0].Name}, r.openDomain(side[1])
			if fixed[to] || !of.Bounded() || r.openDomain(side[0]).Bounded() {
				continue
			}
			by = both(by, map[expr.ColumnKey]expr.Domain{to: {Lo: of.Lo, Hi: of.Hi}})
		}
	}
	if len(by) > 0 {
		sc.narrow(by)
		r.rule("NarrowDomains")
	}
}
