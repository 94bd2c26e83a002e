package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// RowsByCase: an aggregate over a CASE that keeps some rows is the aggregate over those rows, which is how most tools write a count under a
// condition.
//
//	count(CASE WHEN c THEN 1 END), sum(CASE WHEN c THEN 1 ELSE 0 END), sum(c::int)   count(*) FILTER (WHERE c)
//	sum(CASE WHEN c THEN x ELSE 0 END), avg(CASE WHEN c THEN x END)                  sum(x), avg(x) FILTER (WHERE c)
//
// Aggregates do not see NULL, and over no rows a sum is noise around 0. A row that counts nowhere takes no place among the rows of a unit.

// byFilter gives a call whose argument keeps rows a FILTER instead.
func (c *exprContext) byFilter(k *call) error {
	if k.arg == nil || k.arg2 != nil {
		return nil
	}
	cells := c.r.ds.CellKey != nil // whose records are those that count, and whose steps are those of the type
	for !cells {
		cond, value, els, ok := expr.Kept(expr.WithoutWidening(k.arg))
		nothing := els.Null || k.fn == "sum" && !k.distinct && expr.IsZero(els)
		if !ok || !nothing || hasSubQuery(cond) {
			break
		}
		c.r.rule("RowsByCase")
		filter := cond
		if k.filter != nil {
			var err error
			if filter, err = c.group.inner.b.And([]expr.Expr{k.filter, cond}, int(k.loc)); err != nil {
				return c.r.at(err, k.loc)
			}
		}
		k.filter, k.arg = filter, narrowColumns(value, expr.Narrow(filter))
	}
	if one, ok := expr.Fold(k.arg); ok && !one.Null && !k.distinct && (k.fn == "count" || k.fn == "sum" && k.typ == catalog.Of(catalog.Int8) && one.Text == "1") {
		k.fn, k.star, k.arg = "count", true, nil // over no rows both are noise around 0
	}
	if k.arg != nil && !k.distinct && k.fn != "count" && !cells {
		k.arg = expr.WithoutWidening(k.arg)
	}
	return nil
}

// filterOfAll moves a FILTER that all aggregates have into WHERE, where there are no groups that other rows could make.
func (d *draft) filterOfAll() {
	if len(d.keys) > 0 || len(d.calls) == 0 {
		return
	}
	for _, k := range d.calls {
		if k.filter == nil || text(k.filter) != text(d.calls[0].filter) {
			return
		}
	}
	d.where = append(append([]expr.Expr{}, d.where...), d.calls[0].filter)
	calls := make([]*call, len(d.calls)) // others' too: of grouping sets each set measures the same calls
	for i, k := range d.calls {
		open := *k
		open.filter = nil
		calls[i] = &open
	}
	d.calls = calls
}
