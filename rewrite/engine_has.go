package rewrite

import (
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// engineHas refuses what PostgreSQL has and the data set's engine does not, before anything is measured.
func (r *resolver) engineHas(q *query, d expr.Dialect) error {
	what := ""
	lacks := func(e expr.Expr) bool {
		if what == "" {
			what = expr.Lacks(e, d)
		}
		return what == ""
	}
	eachExpr(q, lacks)
	for _, draft := range r.drafts {
		draft.eachExpr(lacks)
	}
	if what == "" {
		return nil
	}
	return r.fail(refusal.NotSupported, -1, "%s is not supported by the engine of this data set", what).
		WithHint("Leave it to the client, over the answer without it.")
}

// eachExpr visits what a measurement reads: its rows, its keys and its aggregates.
func (d *draft) eachExpr(f func(expr.Expr) bool) {
	eachInFrom(d.from, f)
	list := append([]expr.Expr{}, d.where...)
	for _, k := range d.keys {
		list = append(list, k.e)
	}
	for _, k := range d.calls {
		list = append(list, k.arg, k.arg2, k.filter)
	}
	for _, e := range list {
		if e != nil {
			walkDeep(e, f)
		}
	}
}
