package rewrite

import (
	"math/big"
	"strconv"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// What is known of the values that a block computes within units: exact facts (a mean lies between the bounds of what is
// averaged, a share of rows between 0 and 1, what HAVING says), and what follows from the query's bound on rows, which is used
// only where nothing else bounds a sum.

// withinUnit lays what is known of output column i of a block over private rows onto the column that the outer block sees.
// facts are what it knows beside the expression's own domain.
func (r *resolver) withinUnit(q *query, i int, column *expr.Column) (facts expr.Domain) {
	e := q.items[i].e
	facts.Nullable = true
	if computedWithin(e) {
		if d, ok := r.ratio(e); ok {
			facts = facts.Intersect(withNullOf(d, facts))
		}
		if d, ok := havingFacts(q)[computedKey(e)]; ok {
			facts = facts.Intersect(withNullOf(d, facts))
		}
		if d := column.Dom.Intersect(withNullOf(facts, column.Dom)); !crossed(d) {
			column.Dom = d.Aligned()
		} else {
			facts = expr.Domain{Nullable: true}
		}
		// The engine may look at a group before HAVING leaves it out, and an average of floats may pass its bounds by a rounding.
		column.Clamp = facts.Lo != nil || facts.Hi != nil || column.Dom.Bounded()
	}
	if q.unitColumn() == column.Name {
		column.Clamp = false
		return facts
	}
	if computedWithin(e) || text(expr.Rewrite(e, r.withFallback)) != text(e) {
		if bounds, ok := r.perUnitBounds(e); ok {
			if bounds = bounds.Intersect(withNullOf(column.Dom, bounds)); !crossed(bounds) {
				r.fallback[expr.ColumnKey{Alias: column.Alias, Name: column.Name}] = bounds.Aligned()
			}
		}
	}
	return facts
}

// withNullOf is a domain that says no more about NULL than another.
func withNullOf(d, of expr.Domain) expr.Domain {
	d.Nullable = of.Nullable
	return d
}

func crossed(d expr.Domain) bool { return d.Bounded() && d.Lo.Cmp(d.Hi) > 0 }

// computedWithin tells that an expression holds an aggregate or a window over the rows of a unit.
func computedWithin(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		switch e.(type) {
		case aggregateCall, windowCall:
			found = true
		}
		return !found
	})
	return found
}

// computedKey names an aggregate as if it were a column.
func computedKey(e expr.Expr) expr.ColumnKey { return expr.ColumnKey{Alias: "\x00", Name: text(e)} }

// havingFacts is what HAVING implies of the block's aggregates, by computedKey.
func havingFacts(q *query) map[expr.ColumnKey]expr.Domain {
	facts := map[expr.ColumnKey]expr.Domain{}
	for _, h := range q.having {
		e := expr.Rewrite(h, func(e expr.Expr) (expr.Expr, bool) {
			a, ok := e.(aggregateCall)
			if !ok {
				return nil, false
			}
			k := computedKey(a)
			return expr.Column{Alias: k.Alias, Name: k.Name, Typ: a.typ, Dom: a.Domain()}, true
		})
		for k, d := range expr.Narrow(e) {
			if have, ok := facts[k]; ok {
				d = have.Intersect(d)
			}
			facts[k] = d
		}
	}
	return facts
}

// mostRows is the query's bound on the rows of a unit.
func (r *resolver) mostRows() *big.Rat {
	if r.set.Bounds.UnitRows > 0 {
		return big.NewRat(r.set.Bounds.UnitRows, 1)
	}
	return big.NewRat(max(r.set.Bounds.Rows, 1), 1)
}

// perUnitBounds bounds what is computed within one unit from the query's bound m on rows: a count lies in [0, m], a sum of
// x ∈ [L, U] in [min(mL, 0), max(mU, 0)], and expressions over them as interval arithmetic has it. It is used, by clamping, where
// the query itself gives no bounds.
func (r *resolver) perUnitBounds(e expr.Expr) (expr.Domain, bool) {
	bounded, err := expr.TryRewrite(e, func(e expr.Expr) (expr.Expr, bool) {
		switch v := e.(type) {
		case aggregateCall:
			return r.asBounded(v, v.fn, v.values()), true
		case windowCall:
			return r.asBounded(v, v.fn, v.args), true
		}
		return r.withFallback(e)
	})
	if err != nil {
		return expr.Domain{}, false
	}
	d := bounded.Domain()
	return d, d.Bounded()
}

// asBounded stands for an aggregate or window call, with the bounds that m gives.
func (r *resolver) asBounded(e expr.Expr, fn string, args []expr.Expr) expr.Expr {
	out := expr.Column{Alias: "\x00", Name: strconv.Itoa(len(text(e))), Typ: e.Type(), Dom: e.Domain()}
	m := r.mostRows()
	switch fn {
	case "count", "row_number", "rank", "dense_rank":
		out.Dom.Hi = m
		if out.Dom.Lo == nil || out.Dom.Lo.Cmp(m) > 0 {
			out.Dom.Lo = new(big.Rat)
		}
	case "sum", "min", "max", "avg", "var_pop", "var_samp", "stddev_pop", "stddev_samp", "percentile_cont", "percentile_disc", "lag", "lead", "first_value", "last_value", "nth_value":
		if len(args) == 0 {
			break
		}
		of, ok := r.perUnitBounds(args[0])
		if open := r.openDomain(args[0]); open.Bounded() {
			of, ok = open, true
		} else if !computedOrFallback(r, args[0]) {
			ok = false
		}
		if !ok {
			break
		}
		out.Dom.Lo, out.Dom.Hi = of.Lo, of.Hi
		if fn == "sum" {
			out.Dom.Lo, out.Dom.Hi = smallest(new(big.Rat), new(big.Rat).Mul(m, of.Lo)), largest(new(big.Rat), new(big.Rat).Mul(m, of.Hi))
		}
		if isSpread(fn) {
			out.Dom.Lo, out.Dom.Hi = new(big.Rat), spreadDomain(fn, of.Lo, of.Hi)
		}
	}
	return out
}

// computedOrFallback tells that an expression's bounds come from the query's bound on rows, not from a type.
func computedOrFallback(r *resolver, e expr.Expr) bool {
	with := expr.Rewrite(e, r.withFallback)
	return text(with) != text(e) && r.openDomain(with).Bounded()
}

func smallest(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

func largest(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) >= 0 {
		return a
	}
	return b
}

// withFallback gives a column that was computed within units the bounds that the query's limit on rows implies.
func (r *resolver) withFallback(e expr.Expr) (expr.Expr, bool) {
	c, ok := asColumn(e)
	if !ok {
		return nil, false
	}
	d, ok := r.fallback[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
	if !ok {
		return nil, false
	}
	c.Dom, c.Clamp = d, true
	if s, isValue := e.(*subQuery); isValue {
		out := *s
		out.value = &c
		return &out, true
	}
	return c, true
}

// ratio bounds a quotient by the number of a unit's rows: sum(x) / count(*) lies between x's bounds and 0, count(y) / count(*)
// between 0 and 1.
func (r *resolver) ratio(e expr.Expr) (expr.Domain, bool) {
	for expr.Operator(e) == "cast" {
		e = e.Children()[0]
	}
	if expr.Operator(e) == "round" || expr.Operator(e) == "trunc" {
		return expr.Domain{}, false
	}
	if expr.Operator(e) == "*" {
		return r.scaledRatio(e)
	}
	if expr.Operator(e) != "/" {
		return expr.Domain{}, false
	}
	per, ok := divisorRows(e.Children()[1])
	if !ok {
		return expr.Domain{}, false
	}
	lo, hi, ok := r.perRow(e.Children()[0], per)
	return expr.Domain{Lo: lo, Hi: hi}, ok
}

// scaledRatio is ratio times a constant.
func (r *resolver) scaledRatio(e expr.Expr) (expr.Domain, bool) {
	for i, c := range e.Children() {
		lo, hi, ok := expr.RangeOf(c)
		if !ok || lo.Cmp(hi) != 0 {
			continue
		}
		d, ok := r.ratio(e.Children()[1-i])
		if !ok {
			return d, false
		}
		d.Lo, d.Hi = new(big.Rat).Mul(d.Lo, lo), new(big.Rat).Mul(d.Hi, lo)
		if lo.Sign() < 0 {
			d.Lo, d.Hi = d.Hi, d.Lo
		}
		return d, true
	}
	return expr.Domain{}, false
}

// divisorRows finds which rows a divisor counts.
func divisorRows(e expr.Expr) (set, bool) {
	for expr.Operator(e) == "cast" || expr.Operator(e) == "NULLIF" {
		e = e.Children()[0]
	}
	a, ok := e.(aggregateCall)
	if !ok || a.fn != "count" || a.distinct {
		return set{}, false
	}
	return rowsOf(a), true
}

// rowsOf names the rows that an aggregate takes: all, or those where its argument is not NULL and its filter holds.
func rowsOf(a aggregateCall) set {
	var s set
	if len(a.args) == 1 && a.args[0].Domain().Nullable {
		s.arg = text(a.args[0])
	}
	if a.filter != nil {
		s.filter = text(a.filter)
	}
	return s
}

// perRow bounds an expression by the number n of rows: it lies in [n·lo, n·hi], with lo ≤ 0 ≤ hi.
func (r *resolver) perRow(e expr.Expr, per set) (lo, hi *big.Rat, ok bool) {
	zero := new(big.Rat)
	if a, isCall := e.(aggregateCall); isCall {
		if s := rowsOf(a); per != (set{}) && s != per {
			return nil, nil, false
		}
		switch {
		case a.fn == "count":
			return zero, big.NewRat(1, 1), true
		case a.fn == "sum" && !a.distinct && r.openDomain(a.args[0]).Bounded():
			d := r.openDomain(a.args[0])
			return smallest(zero, d.Lo), largest(zero, d.Hi), true
		}
		return nil, nil, false
	}
	children := e.Children()
	switch expr.Operator(e) {
	case "cast":
		return r.perRow(children[0], per)
	case "COALESCE":
		if l, h, isConst := expr.RangeOf(children[len(children)-1]); len(children) == 2 && isConst && l.Sign() == 0 && h.Sign() == 0 {
			return r.perRow(children[0], per)
		}
	case "*":
		for i := range children {
			l, h, isConst := expr.RangeOf(children[i])
			if !isConst || l.Cmp(h) != 0 {
				continue
			}
			if lo, hi, ok = r.perRow(children[1-i], per); !ok {
				return nil, nil, false
			}
			lo, hi = new(big.Rat).Mul(lo, l), new(big.Rat).Mul(hi, l)
			return smallest(lo, hi), largest(lo, hi), true
		}
	case "+", "-":
		if len(children) != 2 {
			return nil, nil, false
		}
		al, ah, ok1 := r.perRow(children[0], per)
		bl, bh, ok2 := r.perRow(children[1], per)
		if !ok1 || !ok2 {
			return nil, nil, false
		}
		if expr.Operator(e) == "-" {
			bl, bh = new(big.Rat).Neg(bh), new(big.Rat).Neg(bl)
		}
		return new(big.Rat).Add(al, bl), new(big.Rat).Add(ah, bh), true
	}
	return nil, nil, false
}
