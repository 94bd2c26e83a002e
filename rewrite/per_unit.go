package rewrite

import (
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// declaredBounds tells that an expression is bounded by what the owner declared or the query says, not by its type alone.
func (r *resolver) declaredBounds(e expr.Expr) bool {
	return r.openDomain(e).Bounded()
}

// openDomain is an expression's domain without the bounds that rest on a column's type alone.
func (r *resolver) openDomain(e expr.Expr) expr.Domain {
	return expr.Rewrite(e, func(e expr.Expr) (expr.Expr, bool) {
		c, ok := asColumn(e)
		if !ok {
			return nil, false
		}
		by, undeclared := r.undeclared[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
		if !undeclared {
			return c, true
		}
		c.Alias = "\x00" + c.Alias // an expression is built anew only over operands that print differently
		if by.Lo != nil && c.Dom.Lo != nil && c.Dom.Lo.Cmp(by.Lo) <= 0 {
			c.Dom.Lo = nil
		}
		if by.Hi != nil && c.Dom.Hi != nil && c.Dom.Hi.Cmp(by.Hi) >= 0 {
			c.Dom.Hi = nil
		}
		return c, true
	}).Domain()
}

// asColumn is a column, or the column that a sub-query of one value stands for.
func asColumn(e expr.Expr) (expr.Column, bool) {
	switch v := e.(type) {
	case expr.Column:
		return v, true
	case *subQuery:
		if v.value != nil {
			return *v.value, true
		}
	}
	return expr.Column{}, false
}

// openInQuery is openDomain for a query's output column.
func (r *resolver) openInQuery(q *query, i int) expr.Domain {
	switch {
	case q.op != "":
		return unionDomain(r.openInQuery(q.left, i), r.openInQuery(q.right, i))
	case q.values != nil:
		return expr.Domain{}
	}
	return r.openDomain(q.items[i].e)
}

// bounded returns the expression with bounds that a sum may rest on: its own, or those of the query's limits.
func (r *resolver) bounded(w *wants) (expr.Expr, error) {
	if r.declaredBounds(w.arg) {
		return w.arg, nil
	}
	e := expr.Rewrite(w.arg, r.withFallback)
	if text(e) != text(w.arg) && e.Domain().Bounded() {
		r.rule("BoundPerUnit")
		return e, nil
	}
	return nil, r.fail(refusal.NotSupported, w.loc, "%q has no bounds, so no noise could hide one row of it", w.written).
		WithHint("Write limits that fit, such as least(greatest(%s, 0), 100), or ask the owner of the data to declare bounds.", w.written)
}

// unnamed stands for an expression that cannot be written again.
const unnamed = "this expression"

// written is an expression in the analyst's own terms.
func written(n *syntax.Node) string {
	text, err := syntax.Deparse(&syntax.Node{Node: &syntax.Node_SelectStmt{SelectStmt: &syntax.SelectStmt{
		TargetList:  []*syntax.Node{{Node: &syntax.Node_ResTarget{ResTarget: &syntax.ResTarget{Val: n}}}},
		LimitOption: syntax.LIMIT_OPTION_DEFAULT, Op: syntax.SETOP_NONE}}})
	if err != nil || len(text) < len("SELECT ") {
		return unnamed
	}
	return text[len("SELECT "):]
}
