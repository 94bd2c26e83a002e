package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Functions and comparisons that stand for other expressions.

// ageToday is age(x): from x to the start of today, whose date is drawn as that of current_date.
func (c *exprContext) ageToday(e expr.Expr, loc int32) (expr.Expr, error) {
	today, err := c.now(catalog.Date, loc)
	if err != nil {
		return nil, err
	}
	if today, err = c.b.Cast(today, catalog.Of(catalog.Timestamp), int(loc)); err != nil {
		return c.done(nil, err, loc)
	}
	if e.Type().Kind == catalog.Date || e.Type().Kind == catalog.Unknown {
		if e, err = c.b.Cast(e, catalog.Of(catalog.Timestamp), int(loc)); err != nil {
			return c.done(nil, err, loc)
		}
	}
	out, err := c.b.Call("age", []expr.Expr{today, e}, int(loc))
	return c.done(out, err, loc)
}

// thresholds is width_bucket(x, ARRAY[…]): how many of the sorted thresholds are not above x.
func (c *exprContext) thresholds(f *syntax.FuncCall) (expr.Expr, error) {
	loc := f.Location
	list := f.Args[1].GetAArrayExpr()
	if list == nil || len(list.Elements) == 0 || len(list.Elements) > 1000 {
		return nil, c.fail(refusal.NotSupported, loc, "width_bucket with two arguments takes an array of constants").
			WithHint("Write width_bucket(x, ARRAY[0, 10, 20]).")
	}
	e, err := c.resolve(f.Args[0])
	if err != nil {
		return nil, err
	}
	number := func(i int) expr.Expr {
		return expr.Const{Typ: catalog.Of(catalog.Int4), Text: strconv.Itoa(i), Pos: -1}
	}
	null, err := c.b.IsNull(e, false, int(loc))
	if err != nil {
		return c.done(nil, err, loc)
	}
	whens := []expr.When{{Cond: null, Result: expr.Const{Typ: catalog.Of(catalog.Int4), Null: true, Pos: -1}}}
	for i, n := range list.Elements {
		at, err := c.resolve(n)
		if err != nil {
			return nil, err
		}
		if k, ok := expr.Fold(at); !ok || k.Null && !c.r.describing {
			return nil, c.fail(refusal.NotSupported, loc, "the thresholds of width_bucket must be constants")
		}
		below, err := c.b.Op("<", e, at, int(loc))
		if err != nil {
			return c.done(nil, err, loc)
		}
		whens = append(whens, expr.When{Cond: below, Result: number(i)})
	}
	out, err := c.b.Case(nil, whens, number(len(list.Elements)), int(loc))
	return c.done(out, err, loc)
}

// countNulls is num_nulls(…) and num_nonnulls(…).
func (c *exprContext) countNulls(args []expr.Expr, not bool, loc int32) (expr.Expr, error) {
	var sum expr.Expr
	for _, a := range args {
		is, err := c.b.IsNull(a, not, int(loc))
		if err == nil {
			is, err = c.b.Cast(is, catalog.Of(catalog.Int4), int(loc))
		}
		if err == nil && sum != nil {
			is, err = c.b.Op("+", sum, is, int(loc))
		}
		if err != nil {
			return c.done(nil, err, loc)
		}
		sum = is
	}
	if sum == nil {
		return nil, c.fail(refusal.UndefinedFunction, loc, "function num_nulls() does not exist")
	}
	return sum, nil
}
