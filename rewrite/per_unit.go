package rewrite

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// perUnitBounds bounds what an aggregate within one unit can be, from the query's bound m on rows: a count lies in [0, m], a
// sum of x ∈ [L, U] in [min(mL, 0), max(mU, 0)]. It is used, by clamping, where the query itself gives no bounds.
func (r *resolver) perUnitBounds(a aggregateCall) (expr.Domain, bool) {
	m := big.NewRat(max(r.set.Bounds.Rows, 1), 1)
	if r.set.Bounds.UnitRows > 0 {
		m = big.NewRat(r.set.Bounds.UnitRows, 1)
	}
	out := a.Domain()
	switch {
	case a.fn == "count":
		out.Lo, out.Hi = new(big.Rat), m
		return out, true
	case a.fn == "sum" && len(a.args) == 1 && a.args[0].Domain().Bounded() && r.declaredBounds(a.args[0]):
		of := a.args[0].Domain()
		zero := new(big.Rat)
		out.Lo, out.Hi = new(big.Rat).Mul(m, of.Lo), new(big.Rat).Mul(m, of.Hi)
		if out.Lo.Sign() > 0 {
			out.Lo = zero
		}
		if out.Hi.Sign() < 0 {
			out.Hi = zero
		}
		return out, true
	}
	return out, false
}

// declaredBounds tells that an expression is bounded by what the owner declared or the query says, not by its type alone.
func (r *resolver) declaredBounds(e expr.Expr) bool {
	open := expr.Rewrite(e, func(e expr.Expr) (expr.Expr, bool) {
		c, ok := e.(expr.Column)
		if !ok || !r.undeclared[expr.ColumnKey{Alias: c.Alias, Name: c.Name}] {
			return nil, false
		}
		lo, hi, isInteger := integerRange(c.Typ)
		if !isInteger || c.Dom.Lo != nil && c.Dom.Lo.Cmp(lo) <= 0 {
			c.Dom.Lo = nil
		}
		if !isInteger || c.Dom.Hi != nil && c.Dom.Hi.Cmp(hi) >= 0 {
			c.Dom.Hi = nil
		}
		return c, true
	})
	return open.Domain().Bounded()
}

// boundedInQuery is declaredBounds for a query's output column.
func (r *resolver) boundedInQuery(q *query, i int) bool {
	switch {
	case q.op != "":
		return r.boundedInQuery(q.left, i) && r.boundedInQuery(q.right, i)
	case q.values != nil:
		return true
	}
	return r.declaredBounds(q.items[i].e)
}

// bounded returns the expression with bounds that a sum may rest on: its own, or those of the query's limits.
func (r *resolver) bounded(w *wants) (expr.Expr, error) {
	if r.declaredBounds(w.arg) {
		return w.arg, nil
	}
	e := expr.Rewrite(w.arg, func(e expr.Expr) (expr.Expr, bool) {
		c, ok := e.(expr.Column)
		if !ok {
			return nil, false
		}
		d, ok := r.fallback[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
		if !ok {
			return nil, false
		}
		c.Dom, c.Clamp = d, true
		return c, true
	})
	if text(e) != text(w.arg) && e.Domain().Bounded() {
		r.rule("BoundPerUnit")
		return e, nil
	}
	return nil, r.fail(refusal.NotSupported, w.loc, "%q has no bounds, so no noise could hide one row of it", w.written).
		WithHint("Write limits that fit, such as least(greatest(%s, 0), 100), or ask the owner of the data to declare bounds.", w.written)
}

// checkWithinUnit holds the closed list of aggregates within one unit; what could overflow is refused.
func (c *exprContext) checkWithinUnit(f *syntax.FuncCall, a aggregateCall) error {
	switch a.fn {
	case "count", "sum", "avg", "min", "max", "bool_and", "bool_or":
	default:
		return c.fail(refusal.NotSupported, f.Location, "function %s is not supported within a privacy unit", functionName(f)).
			WithHint("Within a unit count, sum, avg, min, max, bool_and and bool_or are answered.")
	}
	if len(a.order) > 0 {
		return c.fail(refusal.NotSupported, f.Location, "ORDER BY inside an aggregate is not supported over private rows")
	}
	if (a.fn == "sum" || a.fn == "avg") && !sums(a.args[0].Domain()) {
		name := written(f.Args[0])
		return c.fail(refusal.NotSupported, f.Location, "%q has no bounds, or too wide ones, so its sum could overflow", name).
			WithHint("Write limits that fit, such as least(greatest(%s, 0), 100), or ask the owner of the data to declare bounds.", name)
	}
	if (a.fn == "sum" || a.fn == "avg") && !c.r.roomForSum(a) {
		return c.fail(refusal.NotSupported, f.Location, "the bounds of %q are so wide that its sum could overflow", written(f.Args[0])).
			WithHint("Write limits that fit, such as least(greatest(x, 0), 100).")
	}
	if a.typ.Kind == catalog.Interval {
		return c.fail(refusal.NotSupported, f.Location, "intervals cannot be aggregated over private rows")
	}
	return nil
}

// roomForSum tells that no number of rows makes an engine's sum overflow. PostgreSQL's avg of floats sums squares too;
// DuckDB keeps decimals in 38 digits.
func (r *resolver) roomForSum(a aggregateCall) bool {
	d, zeros := a.args[0].Domain(), int64(100)
	switch a.args[0].Type().Kind {
	case catalog.Float4, catalog.Float8:
	case catalog.Numeric:
		if r.ds.Engine != catalog.DuckDB {
			return true
		}
		zeros = 20
		if t := a.args[0].Type(); !d.Bounded() && t.HasScale && int64(t.Precision-t.Scale) <= zeros {
			return true
		}
	default:
		return true
	}
	if !d.Bounded() {
		return false
	}
	most := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(zeros), nil))
	return new(big.Rat).Abs(d.Lo).Cmp(most) <= 0 && new(big.Rat).Abs(d.Hi).Cmp(most) <= 0
}

// sums tells that 2⁴⁰ values of a domain add up within every type that an engine sums in: floats, 128-bit whole numbers, and
// decimals of 38 digits with 10 after the point.
func sums(d expr.Domain) bool {
	most := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(15), nil))
	if !d.Bounded() || new(big.Rat).Abs(d.Lo).Cmp(most) > 0 || new(big.Rat).Abs(d.Hi).Cmp(most) > 0 {
		return false
	}
	return d.Step == nil || d.Step.Cmp(big.NewRat(1, 10_000_000_000)) >= 0
}

// written is an expression in the analyst's own terms.
func written(n *syntax.Node) string {
	text, err := syntax.Deparse(&syntax.Node{Node: &syntax.Node_SelectStmt{SelectStmt: &syntax.SelectStmt{
		TargetList:  []*syntax.Node{{Node: &syntax.Node_ResTarget{ResTarget: &syntax.ResTarget{Val: n}}}},
		LimitOption: syntax.LIMIT_OPTION_DEFAULT, Op: syntax.SETOP_NONE}}})
	if err != nil || len(text) < len("SELECT ") {
		return "this expression"
	}
	return text[len("SELECT "):]
}
