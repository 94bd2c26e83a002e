package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Weights: in a weighted query class a row counts as much as its table's weight says.
//
//	count(*)  Σ w            count(x)  Σ w where x is not NULL
//	sum(x)    Σ w·x          avg(x)    Σ w·x / Σ w where x is not NULL
//
// The products are ordinary expressions: their bounds, and so the noise, follow from the declared bounds of weight and column.

// weighted answers an aggregate with weights; ok is false where it counts as it is.
func (c *exprContext) weighted(f *syntax.FuncCall, k *call) (e expr.Expr, ok bool, err error) {
	class := c.r.policy.class
	if class == nil || !class.Weighted || k.units {
		return nil, false, nil
	}
	w, err := c.weight(f.Location)
	if w == nil || err != nil {
		return nil, false, err
	}
	if k.distinct {
		return nil, false, c.fail(refusal.NotSupported, f.Location, "%s(DISTINCT …) has no weighted form", k.name).
			WithHint("Leave DISTINCT out.")
	}
	c.r.rule("Weights")
	b, d, pos := c.group.inner.b, c.group.draft, int(f.Location)
	counted := w
	if k.arg != nil {
		present, err := b.IsNull(k.arg, true, pos)
		if err == nil {
			counted, err = b.Case(nil, []expr.When{{Cond: present, Result: w}}, nil, pos)
		}
		if err != nil {
			e, err := c.done(nil, err, f.Location)
			return e, false, err
		}
	}
	sum := func(arg expr.Expr, t catalog.Type) expr.Expr {
		s := *k
		s.fn, s.arg, s.star, s.typ = "sum", arg, false, t
		return d.column(&s, "")
	}
	if k.fn == "count" {
		return sum(counted, k.typ), true, nil
	}
	if k.fn != "sum" && k.fn != "avg" {
		return nil, false, c.fail(refusal.NotSupported, f.Location, "function %s has no weighted form", k.name).
			WithHint("Weighted queries count, sum and average. SELECT * FROM dp.classes shows which query classes are weighted.")
	}
	product, err := b.Op("*", k.arg, w, pos)
	if err != nil {
		e, err := c.done(nil, err, f.Location)
		return e, false, err
	}
	t := catalog.Of(catalog.Numeric)
	if product.Type().IsFloat() {
		t = catalog.Of(catalog.Float8)
	}
	total := sum(product, t)
	if k.fn == "sum" {
		return total, true, nil
	}
	// A noisy Σw can be 0 where no true one is: NULL then, not an error.
	below, err := c.b.NullIf(sum(counted, t), expr.Const{Typ: catalog.Of(catalog.Int4), Text: "0", Pos: -1}, pos)
	if err == nil {
		e, err = c.b.Op("/", total, below, pos)
	}
	e, err = c.done(e, err, f.Location)
	return e, err == nil, err
}

// weight finds the weight of a measurement's rows; nil if no table of it has one.
func (c *exprContext) weight(loc int32) (expr.Expr, error) {
	d := c.group.draft
	var found []expr.Expr
	var tables []string
	for _, s := range scansOf(d.from) {
		if s.table.Weight == "" {
			continue
		}
		if col, ok := s.table.Column(s.table.Weight); ok {
			e := c.r.columnOf(s, col)
			e.Dom.Nullable = true // an outer join may leave it out
			found, tables = append(found, e), append(tables, s.shown)
		}
	}
	for _, col := range c.group.inner.sc.cols {
		e, ok := col.e.(expr.Column)
		made := c.r.policy.of(col.e)
		if ok && made.pure && len(made.origins) == 1 && made.origins[0].table.Weight == made.origins[0].column.Name && derivedAlias(d.from, e.Alias) {
			found, tables = append(found, e), append(tables, col.table)
		}
	}
	switch {
	case len(found) > 1:
		return nil, c.fail(refusal.NotSupported, loc, "tables %s and %s both have weights", tables[0], tables[1]).
			WithHint("Ask about one of them, or choose a query class without weights and write sum(weight).")
	case len(found) == 1:
		return found[0], nil
	case weighsBelow(d.from):
		return nil, c.fail(refusal.NotSupported, loc, "the weight is not among the columns of the sub-query").
			WithHint("Aggregate the table itself, or select its weight in the sub-query.")
	}
	return nil, nil
}

// derivedAlias tells that an alias is that of a sub-query in FROM.
func derivedAlias(f from, alias string) bool {
	switch v := f.(type) {
	case *derived:
		return v.alias == alias
	case *join:
		return derivedAlias(v.l, alias) || derivedAlias(v.r, alias)
	}
	return false
}

// weighsBelow tells that a table with a weight is read somewhere below.
func weighsBelow(f from) bool {
	switch v := f.(type) {
	case *scan:
		return v.table.Weight != ""
	case *join:
		return weighsBelow(v.l) || weighsBelow(v.r)
	case *derived:
		return queryWeighs(v.q)
	}
	return false
}

func queryWeighs(q *query) bool {
	if q.op != "" {
		return queryWeighs(q.left) || queryWeighs(q.right)
	}
	return q.from != nil && weighsBelow(q.from)
}
