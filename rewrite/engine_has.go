package rewrite

import (
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// engineHas refuses what PostgreSQL has and the data set's engine does not, before anything is measured.
func (r *resolver) engineHas(q *query, d expr.Dialect) error {
	what := ""
	eachExpr(q, func(e expr.Expr) bool {
		if what == "" {
			what = expr.Lacks(e, d)
		}
		return what == ""
	})
	if what == "" {
		return nil
	}
	return r.fail(refusal.NotSupported, -1, "%s is not supported by the engine of this data set", what).
		WithHint("Leave it to the client, over the answer without it.")
}
