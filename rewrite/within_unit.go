package rewrite

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// checkWithinUnit holds the closed list of aggregates within one unit; what could overflow is refused.
func (c *exprContext) checkWithinUnit(f *syntax.FuncCall, a *aggregateCall) error {
	switch a.fn {
	case "count", "sum", "avg", "min", "max", "bool_and", "bool_or", "var_pop", "var_samp", "stddev_pop", "stddev_samp", "percentile_cont", "percentile_disc":
	default:
		return c.fail(refusal.NotSupported, f.Location, "function %s is not supported within a privacy unit", functionName(f)).
			WithHint("Within a unit count, sum, avg, min, max, median, percentiles, variances, bool_and and bool_or are answered.")
	}
	if isPercentile(a.fn) {
		return c.percentileWithin(f, a)
	}
	if len(a.order) > 0 {
		return c.fail(refusal.NotSupported, f.Location, "ORDER BY inside an aggregate is not supported over private rows")
	}
	if isSpread(a.fn) {
		return c.spreadWithin(f, a)
	}
	if len(a.args) != 1 {
		return nil
	}
	return c.checkComputed(a.fn, a.args[0], f)
}

// checkComputed refuses aggregates (and windows) over values that an engine could fail on.
func (c *exprContext) checkComputed(fn string, arg expr.Expr, f *syntax.FuncCall) error {
	name := written(f.Args[0])
	switch fn {
	case "min", "max":
		if !ordered(arg.Type()) {
			return c.fail(refusal.UndefinedFunction, f.Location, "function %s(%s) does not exist", fn, arg.Type())
		}
	case "sum", "avg":
		if arg.Type().Kind == catalog.Interval {
			return c.fail(refusal.NotSupported, f.Location, "intervals cannot be aggregated over private rows")
		}
		if !addsUp(arg) {
			return c.fail(refusal.NotSupported, f.Location, "%q has no bounds, or too wide ones, so its sum could overflow", name).
				WithHint("Write limits that fit, such as least(greatest(%s, 0), 100), or ask the owner of the data to declare bounds.", name)
		}
	}
	return nil
}

// ordered tells that min and max exist for a type.
func ordered(t catalog.Type) bool {
	return !t.Array && (t.IsNumeric() || t.IsText() || t.IsDateTime() || t.Kind == catalog.Time || t.Kind == catalog.Interval)
}

// addsUp tells that 2⁴⁰ values add up within every type that an engine sums in: whole numbers of 64 bits are summed in 128;
// decimals have 38 digits, 10 of them after the point; floats are squared too by PostgreSQL's avg.
func addsUp(e expr.Expr) bool {
	if k := expr.ReprOf(e); e.Type().IsInteger() && k != catalog.Numeric {
		return true
	}
	lo, hi, ok := expr.RangeOf(e)
	if t := e.Type(); !ok && t.Kind == catalog.Numeric && t.HasScale { // NaN, which no sum fails on
		if lo, hi, ok = t.Range(); !ok {
			return false
		}
	}
	if !ok {
		return false
	}
	zeros := int64(15)
	if e.Type().IsFloat() {
		zeros = 100
	}
	most := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(zeros), nil))
	if new(big.Rat).Abs(lo).Cmp(most) > 0 || new(big.Rat).Abs(hi).Cmp(most) > 0 {
		return false
	}
	step := e.Domain().Step
	return e.Type().IsFloat() || step == nil || step.Cmp(big.NewRat(1, 10_000_000_000)) >= 0
}

// mostRowsOfUnit is the number of rows of one unit within which sums are exact: 2⁴⁰.
func mostRowsOfUnit() *big.Rat { return new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 40)) }

// Range tells between which numbers a call within a unit lies.
func (a aggregateCall) Range() (lo, hi *big.Rat) {
	if !a.exact {
		return nil, nil
	}
	if isSpread(a.fn) || isPercentile(a.fn) {
		if lo, hi, ok := expr.RangeOf(a.values()[0]); ok && a.values()[0].Type().IsNumeric() {
			d := a.spread(expr.Domain{Lo: lo, Hi: hi})
			return d.Lo, d.Hi
		}
		return nil, nil
	}
	return rangeWithin(a.fn, a.args)
}

// rangeWithin is the range of a function over the rows of one unit.
func rangeWithin(fn string, args []expr.Expr) (lo, hi *big.Rat) {
	switch fn {
	case "count":
		return new(big.Rat), mostRowsOfUnit()
	case "row_number", "rank", "dense_rank":
		return big.NewRat(1, 1), mostRowsOfUnit()
	}
	if len(args) == 0 || !args[0].Type().IsNumeric() {
		return nil, nil
	}
	lo, hi, ok := expr.RangeOf(args[0])
	switch {
	case !ok:
		return nil, nil
	case fn == "min" || fn == "max":
		return lo, hi
	case fn == "sum":
		zero, most := new(big.Rat), mostRowsOfUnit()
		return smallest(zero, new(big.Rat).Mul(lo, most)), largest(zero, new(big.Rat).Mul(hi, most))
	}
	return nil, nil
}
